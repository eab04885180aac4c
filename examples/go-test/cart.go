// Package cart is a shopping cart.
package cart

import "fmt"

// Cart adds up prices.
type Cart struct{ total int }

// Add puts count things of a price into the cart.
func (c *Cart) Add(price, count int) error {
	if price < 0 {
		return fmt.Errorf("a price of %d", price)
	}
	c.total += price * count
	return nil
}

// Total returns what is to be paid.
func (c *Cart) Total() int { return c.total }
