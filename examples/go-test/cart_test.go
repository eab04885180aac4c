package cart

import "testing"

func TestTotal(t *testing.T) {
	for _, row := range []struct {
		name                string
		price, count, total int
	}{{"nothing", 0, 0, 0}, {"two", 3, 2, 6}} {
		t.Run(row.name, func(t *testing.T) {
			var cart Cart
			if err := cart.Add(row.price, row.count); err != nil {
				t.Fatal(err)
			}
			if cart.Total() != row.total {
				t.Errorf("%d, not %d", cart.Total(), row.total)
			}
		})
	}
}

func TestRefusesANegativePrice(t *testing.T) {
	var cart Cart
	if cart.Add(-1, 1) == nil {
		t.Error("taken")
	}
}
