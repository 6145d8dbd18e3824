"""Which whole numbers a printed quotient can be of, whatever the usual rounding: exact, in whole numbers alone.

A number that is printed was rounded to the nearest one (half up, half down or half to even) or cut off. What none of
these makes of two whole numbers was not computed from them: the GRIM test of Brown and Heathers (2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

MOST = 100_000  # bases that are tried; a range that is longer is not tested

# A range of whole numbers; None is no upper end.
Range = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Ends:
    """What prints as one number by one way of rounding: all from low to high, which `cut` leaves out itself."""

    low: Fraction
    high: Fraction
    cut: bool

    def holds(self, value: Fraction) -> bool:
        """Tell whether a value prints as the number."""
        return self.low <= value and (value < self.high if self.cut else value <= self.high)

    def parts(self, base: int, scale: int) -> tuple[int, int]:
        """Return the least and the most whole number that, over a base, prints as the number; least > most if none."""
        least = -(-self.low.numerator * base // (self.low.denominator * scale))
        above, under = self.high.numerator * base, self.high.denominator * scale
        most = -(-above // under) - 1 if self.cut else above // under
        return max(least, 0), most


def ends_of(value: Decimal, decimals: int) -> tuple[Ends, Ends]:
    """Return what prints as a number: rounded to the nearest one, and cut off."""
    exact, unit = Fraction(value), Fraction(1, 10**decimals)
    return Ends(exact - unit / 2, exact + unit / 2, cut=False), Ends(exact, exact + unit, cut=True)


@dataclass(frozen=True, slots=True)
class Rounded:
    """A printed quotient of two counts times `scale`; `within` tells that what is counted is a part of the base."""

    ends: tuple[Ends, Ends]
    scale: int
    within: bool

    def parts(self, way: int, base: int) -> tuple[int, int]:
        """Return the least and the most that it may be over a base, by one way of rounding."""
        least, most = self.ends[way].parts(base, self.scale)
        return least, min(most, base) if self.within else most

    def fits(self, base: Range, part: Range = (0, None)) -> bool:
        """Tell whether any base and any part of these make it; a range that is too long to be tried may."""
        low, high = base
        if low == high == 0:
            return any(ends.holds(Fraction(0)) for ends in self.ends)
        if self.ends[0].high < 0 or (self.within and self.ends[0].low > self.scale):
            return False
        if high is None or high - low > MOST:
            return True
        return any(self._fits_one(way, n, part) for n in range(max(low, 1), high + 1) for way in (0, 1))

    def _fits_one(self, way: int, base: int, part: Range) -> bool:
        least, most = self.parts(way, base)
        return max(least, part[0]) <= (most if part[1] is None else min(most, part[1]))


def bases_of(given: Sequence[Rounded], base: Range, *, parted: bool, whole: bool, few: int) -> tuple[int, ...]:
    """Return the smallest bases that make all quotients of a table, which is rounded in one way: at most so many.

    Where what is counted is `parted` among them, they add up to no more than the base; to all of it if they are the
    `whole`.
    """
    found: list[int] = []
    for n in range(max(base[0], 1), (MOST if base[1] is None else min(base[1], MOST)) + 1):
        if any(_fit(given, way, n, parted=parted, whole=whole) for way in (0, 1)):
            found.append(n)
            if len(found) == few:
                break
    return tuple(found)


def _fit(given: Sequence[Rounded], way: int, base: int, *, parted: bool, whole: bool) -> bool:
    low = high = 0
    for one in given:
        least, most = one.parts(way, base)
        if least > most:
            return False
        low, high = low + least, high + most
    return not parted or (low <= base and (base <= high or not whole))


def make_the_whole(given: Iterable[Rounded], *, whole: bool) -> bool:
    """Tell whether shares can add up to all of what they are shares of, or to less if they are not the `whole`."""
    given = tuple(given)
    scale = given[0].scale
    for way in (0, 1):
        low = sum((max(one.ends[way].low, Fraction(0)) for one in given), Fraction(0))
        high = sum((one.ends[way].high for one in given), Fraction(0))
        if low <= scale and (not whole or Ends(low, high, cut=bool(way)).holds(Fraction(scale))):
            return True
    return False
