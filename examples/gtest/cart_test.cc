// A shopping cart and its tests, with GoogleTest.
#include <gtest/gtest.h>

#include <stdexcept>

class Cart {
 public:
  Cart& Add(int price, int count = 1) {
    if (price < 0) throw std::invalid_argument("a negative price");
    total_ += price * count;
    return *this;
  }
  int Total() const { return total_; }

 private:
  int total_ = 0;
};

TEST(Cart, IsEmptyAtFirst) { EXPECT_EQ(Cart().Total(), 0); }
TEST(Cart, AddsUp) { EXPECT_EQ(Cart().Add(3, 2).Add(5).Total(), 11); }
TEST(Cart, RefusesANegativePrice) { EXPECT_THROW(Cart().Add(-1), std::invalid_argument); }
