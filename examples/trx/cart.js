// A shopping cart.
'use strict';

exports.total = (lines) =>
  lines.reduce((sum, { price, count = 1 }) => {
    if (!(price >= 0)) throw new RangeError(`a price of ${price}`);
    return sum + price * count;
  }, 0);
