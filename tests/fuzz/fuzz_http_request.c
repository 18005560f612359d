/* The request reader under any bytes: it must not read past them, must come to an end, and must say the same whether
 * they come whole or in two pieces. The first byte chooses where the pieces part (in 255ths of the length). */
#include "../net/request_transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    if (n == 0) return 0;
    const char *stream = (const char *)bytes + 1;
    size_t len = n - 1, part = len * bytes[0] / 255;
    mr_buf whole, pieces;
    mr_buf_init(&whole, 64u << 20);
    mr_buf_init(&pieces, 64u << 20);
    transcript_of(stream, len, len, len, &whole);
    transcript_of(stream, len, part, len, &pieces);
    if (!mr_span_eq(mr_buf_span(&whole), mr_buf_span(&pieces))) abort();
    mr_buf_free(&whole);
    mr_buf_free(&pieces);
    return 0;
}
