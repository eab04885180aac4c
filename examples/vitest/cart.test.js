import { describe, expect, test } from 'vitest';

const total = (lines) => lines.reduce((sum, { price, count = 1 }) => sum + price * count, 0);

describe('a cart', () => {
  test('is empty at first', () => expect(total([])).toBe(0));
  test('adds up', () => expect(total([{ price: 3, count: 2 }, { price: 5 }])).toBe(11));
  test.todo('takes vouchers');
});
