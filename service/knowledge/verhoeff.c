/* Verhoeff's check digit: the dihedral group of the pentagon. Without its tables: an element is a turn t (0..4) and,
 * for 5..9, a flip; the position permutation is applied as often as the digit stands from the right. */
#include "verhoeff.h"

static unsigned multiply(unsigned a, unsigned b) {
    unsigned ta = a % 5, tb = b % 5;
    if (a < 5) return (ta + tb) % 5 + (b < 5 ? 0 : 5);
    return (ta + 5 - tb) % 5 + (b < 5 ? 5 : 0);
}

bool mr_verhoeff_valid(mr_span id) {
    static const unsigned char permuted[10] = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};
    if (id.len < 6 || id.len > 18 || id.ptr[0] == '0') return false;
    unsigned check = 0;
    for (size_t place = 0; place < id.len; place++) {
        char c = id.ptr[id.len - 1 - place];
        if (c < '0' || c > '9') return false;
        unsigned digit = (unsigned)(c - '0');
        for (size_t times = place % 8; times; times--) digit = permuted[digit];
        check = multiply(check, digit);
    }
    return check == 0;
}
