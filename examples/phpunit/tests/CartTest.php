<?php

use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/../src/Cart.php';

final class CartTest extends TestCase
{
    public function testIsEmptyAtFirst(): void
    {
        $this->assertSame(0, (new Cart())->total());
    }

    public function testAddsUp(): void
    {
        $this->assertSame(11, (new Cart())->add(3, 2)->add(5)->total());
    }

    public function testRefusesANegativePrice(): void
    {
        $this->expectException(InvalidArgumentException::class);
        (new Cart())->add(-1);
    }
}
