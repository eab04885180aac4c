//! A shopping cart.

/// Returns what is to be paid for prices and counts.
///
/// ```
/// assert_eq!(cart::total(&[(3, 2), (5, 1)]), Some(11));
/// ```
pub fn total(lines: &[(i64, i64)]) -> Option<i64> {
    let prices = lines.iter().map(|(price, count)| (*price >= 0).then_some(price * count));
    prices.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_cart_costs_nothing() {
        assert_eq!(total(&[]), Some(0));
    }

    #[test]
    fn a_negative_price_is_refused() {
        assert_eq!(total(&[(-1, 1)]), None);
    }
}
