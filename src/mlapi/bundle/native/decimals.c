/* Probabilities as JSON writes them: the shortest decimal that reads back as the float32, as mlapi.bundle.decimals does. */
#include "trees.h"

#include <math.h>
#include <string.h>

static const double POWERS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

/* Write `mantissa` over ten to the `places`, below 1 and without zeros at its end: 0.00123, or 1.23e-6 below 1e-5. */
static size_t write_decimal(uint32_t mantissa, int places, char *text)
{
    char digits[10];
    int n = 0;
    size_t length = 0;
    for (uint32_t rest = mantissa; rest; rest /= 10)
        digits[n++] = (char)('0' + rest % 10); /* the last one first */
    const int zeros = places - n;
    if (zeros <= 4) {
        memcpy(text, "0.0000", 6);
        length = 2 + (size_t)zeros;
        while (n)
            text[length++] = digits[--n];
        return length;
    }
    text[length++] = digits[--n];
    if (n)
        text[length++] = '.';
    while (n)
        text[length++] = digits[--n];
    text[length++] = 'e';
    text[length++] = '-';
    if (zeros + 1 >= 10)
        text[length++] = (char)('0' + (zeros + 1) / 10);
    text[length++] = (char)('0' + (zeros + 1) % 10);
    return length;
}

size_t spell_probability(float number, char *text)
{
    int exponent = -1, binary;
    if (number == 0.0f || number == 1.0f) {
        memcpy(text, number == 0.0f ? "0.0" : "1.0", 3);
        return 3;
    }
    if (!(number >= 1e-10f && number < 1.0f) || frexpf(number, &binary) == 0.5f)
        return 0;
    while ((double)number * POWERS[-exponent] < 1.0)
        exponent--; /* of the first digit that is not 0 */
    for (int places = 5 - exponent; places <= 8 - exponent; places++) {
        double mantissa = rint((double)number * POWERS[places]);
        if ((float)(mantissa / POWERS[places]) != number)
            continue;
        uint32_t whole = (uint32_t)mantissa;
        for (; whole % 10 == 0; whole /= 10)
            places--;
        return write_decimal(whole, places, text);
    }
    return 0;
}
