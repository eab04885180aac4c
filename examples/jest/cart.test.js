'use strict';

const { total } = require('./cart.js');

describe('a cart', () => {
  it('is empty at first', () => expect(total([])).toBe(0));
  it('adds up', () => expect(total([{ price: 3, count: 2 }, { price: 5 }])).toBe(11));
  it('refuses a negative price', () => expect(() => total([{ price: -1 }])).toThrow(RangeError));
  it.todo('takes vouchers');
});
