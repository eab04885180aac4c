// A shopping cart.
'use strict';

class Cart {
  #lines = new Map();

  add(name, price, count = 1) {
    if (!(price >= 0)) throw new RangeError(`${name}: a price of ${price}`);
    const line = this.#lines.get(name) ?? { price, count: 0 };
    line.count += count;
    this.#lines.set(name, line);
    return this;
  }

  get total() {
    let sum = 0;
    for (const { price, count } of this.#lines.values()) sum += price * count;
    return sum;
  }
}

module.exports = { Cart };
