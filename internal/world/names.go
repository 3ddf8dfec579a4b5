package world

import (
	"fmt"
	"strconv"
	"strings"
)

// Countries of people and companies.
const (
	Germany Country = iota
	Britain
	America
	France
	Sweden
	India
	Japan
	Kuwait
	countryCount
)

// Every land has as many names of each kind.
const (
	givenNames  = 20
	familyNames = 24
)

// A land is a country's words and money. Names are in its own letters where
// those are Latin, so that folding is put to the test.
type land struct {
	code, suffix  string // of the country; of its company domains
	currency      Currency
	legal         string
	given, family []string
}

func landOf(c Country) land {
	switch c {
	case Germany:
		return land{"DE", "de", "EUR", "GmbH",
			list("Anja Bernd Claudia Dieter Elke Felix Gisela Hannes Ines Jörg Katrin Lukas Miriam Nils Petra Ralf Sabine Torsten Ute Volker"),
			list("Albrecht Böhm Conrad Dörfler Ebert Fuchs Großmann Heller Imhof Jäger Kessler Löwe Möller Neubert Oswald Pfeiffer Reuter Schäfer Thiele Urban Vogt Winkler Zeller Brandt")}
	case Britain:
		return land{"GB", "co.uk", "USD", "Ltd",
			list("Alice Ben Charlotte Daniel Edith Fergus Gemma Harry Isla Jack Keira Liam Megan Nigel Olivia Patrick Rhys Sian Tom Zoë"),
			list("Ashdown Barlow Carver Dunmore Eccles Farrow Garside Hale Ingram Jessop Kirkby Langley Marlow Norris Oakes Penrose Quayle Radley Sutcliffe Thorne Underhill Vance Whitlock Yardley")}
	case America:
		return land{"US", "com", "USD", "Inc",
			list("Andrew Brooke Carlos Denise Eric Faith Grant Heather Ivan Jasmine Kyle Lauren Marcus Natalie Owen Paige Ryan Sofia Travis Vanessa"),
			list("Abbott Beckett Calloway Delgado Emerson Fleming Granger Hollis Irwin Jennings Keller Lambert Mercado Nash Ortega Pruitt Ramsey Salazar Tanner Ulrich Vaughn Wallace Yates Zimmer")}
	case France:
		return land{"FR", "fr", "EUR", "SAS",
			list("Amélie Benoît Camille Damien Élodie Fabien Gaëlle Hugo Inès Julien Karine Loïc Manon Noël Océane Pascal Rémi Solène Théo Yves"),
			list("Aubert Bonnet Chevalier Dupré Evrard Faure Gauthier Hébert Imbert Joly Lacroix Marchand Noiret Olivier Perrin Renaud Sauvage Tessier Vasseur Weiss Carpentier Delmas Ferrand Guérin")}
	case Sweden:
		return land{"SE", "se", "EUR", "AB",
			list("Anders Birgitta Cecilia David Elsa Fredrik Göran Hedda Ingrid Johan Karin Lars Maja Nils Oskar Pernilla Rolf Stina Tove Åsa"),
			list("Ahlgren Bergström Cederlund Dahl Ekström Forsberg Granlund Hallberg Isaksson Jonsson Kjellberg Lindqvist Malm Nordin Öberg Palmgren Rosén Sandell Tegnér Ulvaeus Vinge Wallin Åkesson Söderman")}
	case India:
		return land{"IN", "in", "USD", "Pvt Ltd",
			list("Aarav Bhavna Chetan Divya Esha Farhan Gauri Harish Ishaan Jyoti Kiran Lakshmi Manoj Neha Omkar Priya Rahul Sneha Tarun Vidya"),
			list("Agarwal Bhat Chandra Desai Easwaran Fernandes Gupta Hegde Iyer Joshi Kapoor Lal Mehta Nair Oberoi Patel Qureshi Rao Sharma Trivedi Varma Wadhwa Yadav Zaveri")}
	case Japan:
		return land{"JP", "co.jp", "JPY", "KK",
			list("Aiko Daichi Emi Fumio Haruka Ichiro Junko Kenji Mariko Naoki Rei Sakura Takumi Yui Yuki Hiroshi Kaori Masato Nozomi Shin"),
			list("Abe Chiba Endo Fujita Goto Hayashi Ishikawa Kato Matsuda Nakamura Ogawa Saito Tanaka Ueda Watanabe Yamada Mori Kimura Shimizu Hara Okada Sugiyama Takagi Noguchi")}
	}
	return land{"KW", "com.kw", "KWD", "WLL",
		list("Abdullah Bader Dana Eman Fahad Ghada Hamad Iman Jaber Khaled Latifa Mishari Noura Omar Rawan Salem Talal Wafa Yousef Zainab"),
		list("Al-Ajmi Al-Bader Al-Dosari Al-Enezi Al-Fahad Al-Ghanim Al-Hamad Al-Issa Al-Jaber Al-Kandari Al-Mutairi Al-Nasser Al-Otaibi Al-Qattan Al-Rashid Al-Sabah Al-Tamimi Al-Wazzan Behbehani Dashti Ibrahim Jamal Marafie Shuaib")}
}

func list(words string) []string { return strings.Fields(words) }

// Code is the country's two letters.
func (c Country) Code() string { return landOf(c).code }

// Currency is what companies of the country pay in.
func (c Country) Currency() Currency { return landOf(c).currency }

// Name is a person's full name; a bot's, test account's or mailbox's is what
// stands in its place.
func (w *World) Name(id PersonID) string {
	p := &w.People[id]
	switch p.Kind {
	case Bot:
		return botNames()[p.given]
	case Test:
		return "Test Account " + strconv.Itoa(int(p.given)+1)
	case Mailbox:
		return mailboxNames()[p.given]
	}
	return w.givenName(p) + " " + w.familyName(p)
}

func (w *World) givenName(p *Person) string  { return landOf(p.Country).given[p.given] }
func (w *World) familyName(p *Person) string { return landOf(p.Country).family[p.family] }

func botNames() []string {
	return []string{"system", "discobot", "tidewater-ci", "tidewater-digest"}
}

func mailboxNames() []string { return []string{"Support", "Billing", "Info", "IT Helpdesk"} }

func mailboxLocals() []string { return []string{"support", "billing", "info", "it"} }

// companyNames is how many companies have a name of two words to themselves.
const companyNames = 40 * 20 * 36

// CompanyName is what a company calls itself, with its legal form.
func (w *World) CompanyName(id CompanyID) string {
	if id == Tidewater {
		return "Tidewater Planning GmbH"
	}
	root, trade, extra := w.companyWords(id)
	return root + " " + trade + extra + " " + landOf(w.Companies[id].Country).legal
}

// CompanyDomain is the domain of a company's addresses. Names are made up;
// whether somebody owns such a domain was not looked up, and nothing is ever
// sent to one.
func (w *World) CompanyDomain(id CompanyID) string {
	if id == Tidewater {
		return Domain
	}
	root, trade, extra := w.companyWords(id)
	return fold(root+"-"+trade) + strings.TrimSpace(extra) + "." + landOf(w.Companies[id].Country).suffix
}

// companyWords walks all pairs of words once before it numbers any, from a
// place that the seed sets. 7919 shares no factor with their count.
func (w *World) companyWords(id CompanyID) (root, trade, extra string) {
	n := int(w.Companies[id].name)
	if round := n / companyNames; round > 0 {
		extra = fmt.Sprintf(" %d", round+1)
	}
	at := (n*7919 + int(mix(w.Seed, uint64(onCompanies))%companyNames)) % companyNames
	heads, tails, trades := companyHeads(), companyTails(), companyTrades()
	trade, at = trades[at%len(trades)], at/len(trades)
	return heads[at%len(heads)] + tails[at/len(heads)], trade, extra
}

func companyHeads() []string {
	return list("Alder Amber Ash Beck Birch Bright Brook Cinder Clear Copper Dale Dun East Elm Fair Fern Flint Gold Green Hazel Heath Holt Iron Kings Lark Lime Linden Marsh Mill North Oak Raven Red Rook Silver Stone Swan West White Wren")
}

func companyTails() []string {
	return list("bank bridge brook combe dale field ford gate ham haven hurst ley mere mill port ridge shaw stead ton wick")
}

func companyTrades() []string {
	return list("Analytics Bakeries Bearings Ceramics Chemicals Cloud Coatings Components Controls Dairies Devices Dynamics Energy Engines Fabrics Foods Freight Gears Glass Health Imaging Insurance Labs Logistics Media Metals Mobility Motors Optics Paper Pharma Plastics Robotics Seeds Timber Tools")
}

// fold writes a name as it stands in an address: lower-case ASCII.
func fold(name string) string {
	return strings.NewReplacer(
		"ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "å", "a", "é", "e", "è", "e", "ê", "e", "ë", "e",
		"î", "i", "ï", "i", "ô", "o", "ç", "c", " ", "-",
	).Replace(strings.ToLower(name))
}
