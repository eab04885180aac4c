#!/bin/sh
# cart.sh TOTAL PRICE...: fails unless the prices add up.
want=$1
shift
sum=0
for price; do sum=$((sum + price)); done
[ "$sum" -eq "$want" ] || { echo "$sum, not $want"; exit 1; }
