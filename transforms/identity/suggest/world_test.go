package suggest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// A world is a made-up crowd in which people look alike as they do in life:
// given names and surnames follow Zipf's law, addresses are made of names,
// namesakes work at one company, and andrew@ exists at every small one.
type world struct {
	draw     *rand.Rand
	given    []string
	surnames []string
	records  []Record
	named    int            // of ten records, how many have a name
	truth    map[string]int // person by record key
}

func newWorld(people, named int) *world {
	w := &world{named: named, draw: rand.New(rand.NewPCG(7, 7)), truth: map[string]int{}}
	w.given = w.words(300, 2, 3)
	w.surnames = w.words(people/6+200, 2, 4)
	for person := range people {
		w.addPerson(person, people)
	}
	return w
}

// words makes pronounceable words of syllables, all different.
func (w *world) words(n, least, most int) []string {
	seen := map[string]bool{}
	for len(seen) < n {
		var word strings.Builder
		for range least + w.draw.IntN(most-least+1) {
			word.WriteByte("bcdfghklmnprstvwz"[w.draw.IntN(17)])
			word.WriteByte("aeiou"[w.draw.IntN(5)])
			if w.draw.IntN(3) == 0 {
				word.WriteByte("lnrst"[w.draw.IntN(5)])
			}
		}
		seen[word.String()] = true
	}
	var words []string
	for word := range seen {
		words = append(words, word)
	}
	slices.Sort(words)
	w.draw.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	return words
}

// zipf draws a place with probability falling as one over rank.
func (w *world) zipf(n int) int {
	return int(rand.NewZipf(w.draw, 1.07, 4, uint64(n-1)).Uint64())
}

func (w *world) addPerson(person, people int) {
	given, surname := w.given[w.zipf(len(w.given))], w.surnames[w.zipf(len(w.surnames))]
	companies := people/25 + 5
	company := fmt.Sprintf("company%d.com", w.zipf(companies))
	w.add(person, given, surname, w.workLocal(given, surname), company)
	switch w.draw.IntN(10) {
	case 0: // a private address of the same style
		w.add(person, given, surname, w.privateLocal(given, surname, person), "")
	case 1: // the next employer
		w.add(person, given, surname, w.workLocal(given, surname), fmt.Sprintf("company%d.com", w.zipf(companies)))
	}
}

func (w *world) workLocal(given, surname string) string {
	switch w.draw.IntN(10) {
	case 0, 1:
		return given
	case 2, 3, 4:
		return given[:1] + surname
	case 5:
		return surname
	}
	return given + "." + surname
}

func (w *world) privateLocal(given, surname string, person int) string {
	switch w.draw.IntN(4) {
	case 0:
		return given + strconv.Itoa(60+w.draw.IntN(45))
	case 1:
		return given + surname
	case 2:
		return fmt.Sprintf("q%dx%s", person, surname[:2])
	}
	return given[:1] + surname + strconv.Itoa(w.draw.IntN(100))
}

func (w *world) add(person int, given, surname, local, company string) {
	r := Record{Key: fmt.Sprintf("r%07d", len(w.records)), Locals: []string{local}}
	if company != "" {
		r.Companies = []string{company}
	}
	kind := w.draw.IntN(10)
	switch {
	case kind >= w.named:
	case kind == 0, kind == 1:
		r.Names = []string{given}
	case kind == 2:
		r.Names = []string{given[:1] + ". " + surname}
	default:
		r.Names = []string{given + " " + surname}
	}
	w.truth[r.Key] = person
	w.records = append(w.records, r)
}
