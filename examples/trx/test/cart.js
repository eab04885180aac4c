'use strict';

const assert = require('node:assert');
const { total } = require('../cart.js');

describe('a cart', () => {
  it('is empty at first', () => assert.strictEqual(total([]), 0));
  it('adds up', () => assert.strictEqual(total([{ price: 3, count: 2 }, { price: 5 }]), 11));
  it('refuses a negative price', () => assert.throws(() => total([{ price: -1 }]), RangeError));
  it('takes vouchers');
});
