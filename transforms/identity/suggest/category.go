package suggest

// Fields that are compared, and the place of their categories. A category is
// one way in which a field agrees, split by how rare the value is.
const (
	fieldName = iota
	fieldSpelling
	fieldHandle
	fieldCompany
	fieldAttribute // and maxAttributes-1 more
	fields         = fieldAttribute + maxAttributes
)

// steps is how many classes of rarity an agreement has.
const steps = 6

const (
	missing        = -1
	nameFirst      = 0
	namePartial    = nameFirst + 4*steps
	nameConflict   = namePartial + 1
	spellingFirst  = nameConflict + 1
	spellingNone   = spellingFirst + 3*steps
	handleSame     = spellingNone + 1
	handleSameLong = handleSame + steps
	handleBase     = handleSameLong + steps
	handleNear     = handleBase + steps
	handleOther    = handleNear + steps
	companySame    = handleOther + 1
	companyOther   = companySame + steps
	valueFirst     = companyOther + 1
	valueNear      = steps // from a value's first category
	valueOther     = steps + 1
	valueAll       = steps + 2
	categories     = valueFirst + maxAttributes*valueAll
)

// rarity puts a number of accidental bearers into a class, the rarest first.
func rarity(chance float64) int {
	for i, limit := range [steps - 1]float64{0.002, 0.05, 0.6, 4, 25} {
		if chance < limit {
			return i
		}
	}
	return steps - 1
}

// fieldOf is the field that a category belongs to.
func fieldOf(category int) int {
	switch {
	case category < spellingFirst:
		return fieldName
	case category < handleSame:
		return fieldSpelling
	case category < companySame:
		return fieldHandle
	case category < valueFirst:
		return fieldCompany
	}
	return fieldAttribute + (category-valueFirst)/valueAll
}

// family is how many categories, from the first given, are one agreement in
// falling rarity.
func family(first int) int {
	if isGraded(first) {
		return steps
	}
	return 1
}

// isGraded is true of agreements that are split by rarity.
func isGraded(category int) bool {
	switch {
	case category >= valueFirst:
		return (category-valueFirst)%valueAll < valueNear
	case category == namePartial, category == nameConflict, category == spellingNone, category == handleOther, category == companyOther:
		return false
	}
	return true
}

// nameOf is how evidence calls a field.
func (c *crowd) nameOf(field int) string {
	if field >= fieldAttribute {
		return c.attributes[field-fieldAttribute]
	}
	return [...]string{"name", "spelling", "user name", "company"}[field]
}
