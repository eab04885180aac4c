<?php

final class Cart
{
    private int $total = 0;

    public function add(int $price, int $count = 1): self
    {
        if ($price < 0) {
            throw new InvalidArgumentException("a price of $price");
        }
        $this->total += $price * $count;

        return $this;
    }

    public function total(): int
    {
        return $this->total;
    }
}
