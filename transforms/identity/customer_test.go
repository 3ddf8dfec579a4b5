package identity_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// Two companies' contacts of one address are one person until both companies
// are customers, whose contacts an address alone does not join.
func TestResolve_looksAgainAtContactsOfNewCustomers(t *testing.T) {
	l := newLake(t, 2)
	sell := func(org int, isCustomer bool) {
		id := fmt.Sprint("crm:main:org:", org)
		l.put("org", "crm:main:orgs:"+fmt.Sprint(org), map[string]string{"org_id": quoted(id), "is_customer": fmt.Sprint(isCustomer)})
	}
	for n := range 2 {
		contact := fmt.Sprint("crm:main:", n)
		l.login(contact, "ann@gmail.com", "Ann Lee")
		l.put("org_membership", fmt.Sprint("crm:main:memberships:", n), map[string]string{"identity_id": quoted(contact), "org_id": quoted(fmt.Sprint("crm:main:org:", n)), "basis": "'crm'"})
		sell(n, false)
	}
	l.build()
	require.Equal(t, []string{"crm:0 crm:1"}, l.people())
	sell(0, true)
	l.build()
	require.Equal(t, []string{"crm:0 crm:1"}, l.people())
	sell(1, true)
	l.build()
	require.Equal(t, []string{"crm:0", "crm:1"}, l.people())
	sell(0, false)
	l.build()
	require.Equal(t, []string{"crm:0 crm:1"}, l.people())
}
