require_relative '../cart'

RSpec.describe Cart do
  it('is empty at first') { expect(Cart.new.total).to eq 0 }
  it('adds up') { expect(Cart.new.add(3, 2).add(5).total).to eq 11 }
  it('refuses a negative price') { expect { Cart.new.add(-1) }.to raise_error ArgumentError }
  it('takes vouchers')
end
