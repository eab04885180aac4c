# A shopping cart.
class Cart
  def initialize = @lines = Hash.new(0)

  def add(price, count = 1)
    raise ArgumentError, "a price of #{price}" if price.negative?

    @lines[price] += count
    self
  end

  def total = @lines.sum { |price, count| price * count }
end
