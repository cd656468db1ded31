"""Amounts: decimal strings on the wire, whole minor units in the tables, never a float.

The digits are ISO 4217's, written out because a currency assumed to have two of them is how
customers are charged a hundredfold (yen) or lose the last digit (dinar). Codes without minor units
(gold, test and "no currency" codes) are left out: nobody is charged in them.
"""

from typing import Final

_CURRENCIES_BY_DIGITS: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP
        BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB
        EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES
        KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
        MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD
        RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP
        TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

MINOR_DIGITS: Final[dict[str, int]] = {
    code: digits for digits, codes in _CURRENCIES_BY_DIGITS.items() for code in codes.split()
}
"""Currency code → number of digits after the decimal point of its amounts."""


LARGEST_MINOR_UNITS: Final = 999_999_999_999_999
"""15 digits: more than anything costs, and a ledger of thousands of them still fits 64 bits."""


def to_minor(amount: str, currency: str) -> int:
    """Return `amount`, a plain decimal string, in minor units of `currency`.

    Raises `ValueError`, with a sentence that says what to write, when the amount has not exactly
    the currency's digits: fewer are as likely a mistake as more.
    """
    whole, _, fraction = amount.partition(".")
    digits = MINOR_DIGITS[currency]
    if len(fraction) != digits:
        example = f"{whole}.{'0' * digits}".rstrip(".")
        message = f"{currency} has {digits} digits after the point: write it like {example}"
        raise ValueError(message)
    minor = int(whole + fraction)
    if minor > LARGEST_MINOR_UNITS:
        message = f"the amount is larger than {to_decimal(LARGEST_MINOR_UNITS, currency)}"
        raise ValueError(message)
    return minor


def to_decimal(minor: int, currency: str) -> str:
    """Return minor units as the decimal string the caller once gave."""
    digits = MINOR_DIGITS[currency]
    if digits == 0:
        return str(minor)
    sign, text = ("-" if minor < 0 else ""), str(abs(minor)).zfill(digits + 1)
    return f"{sign}{text[:-digits]}.{text[-digits:]}"
