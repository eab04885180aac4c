'use strict';

const assert = require('node:assert');
const { describe, it, test } = require('node:test');
const { Cart } = require('./cart.js');

describe('a cart', () => {
  it('is empty at first', () => assert.strictEqual(new Cart().total, 0));
  it('adds up', () => assert.strictEqual(new Cart().add('tea', 3, 2).add('cup', 5).total, 11));
  it('refuses a negative price', () => assert.throws(() => new Cart().add('tea', -1), RangeError));
});

test('vouchers', { todo: 'the shop has none yet' }, () => {});
