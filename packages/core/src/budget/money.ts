/**
 * An exact amount. As a text, because binary fractions do not add up: ten times 0.1 is not 1. At most twelve places, since one
 * token costs less than a millionth.
 */
export interface Money {
  readonly amount: string;
  readonly currency: string;
}

const PLACES = 12;
const MONEY = /^(\d{1,12}(?:\.\d{1,12})?) ([A-Z]{3})$/;

/** `2 USD` or `0.50 EUR`; undefined when it is none. */
export function parseMoney(text: string): Money | undefined {
  const [, amount, currency] = MONEY.exec(text) ?? [];
  return amount === undefined || currency === undefined
    ? undefined
    : { amount: decimalText(decimal(amount)), currency };
}

/** Of a decimal text, in units of its last place. */
export function decimal(amount: string): bigint {
  const [whole = '0', fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(PLACES, '0'));
}

/** The shortest text of an amount that is not negative. */
export function decimalText(units: bigint): string {
  const digits = units.toString().padStart(PLACES + 1, '0');
  const fraction = digits.slice(-PLACES).replace(/0+$/, '');
  const whole = digits.slice(0, -PLACES);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
