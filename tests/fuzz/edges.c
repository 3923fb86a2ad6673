/* Linked with the code under test: which of its edges ran, whether it gives back all memory, and memory that runs short.
 *
 * gcc's -fsanitize-coverage=trace-pc calls the first function in every basic block. The code is compiled with malloc,
 * calloc, realloc and free named as the others here. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define EDGES 32768

unsigned char fuzz_edges[EDGES]; /* how often each ran, modulo 256; an edge is a hash of two places in the code */
long fuzz_live;                  /* blocks of memory that have not been given back */
long fuzz_shortage = -1;         /* allocations that still succeed before one fails; negative: all do */

static uintptr_t before;

void __sanitizer_cov_trace_pc(void) {
    uintptr_t here = (uintptr_t)__builtin_return_address(0) - (uintptr_t)fuzz_edges; /* the same wherever it is loaded */
    here = here * UINT64_C(0x9E3779B97F4A7C15) >> 40;
    fuzz_edges[(here ^ before >> 1) % EDGES]++;
    before = here;
}

static void *counted(void *block) {
    fuzz_live += block != NULL;
    return block;
}

static int is_short(void) { return fuzz_shortage >= 0 && fuzz_shortage-- == 0; }

void *fuzz_malloc(size_t size) { return is_short() ? NULL : counted(malloc(size)); }
void *fuzz_calloc(size_t n, size_t size) { return is_short() ? NULL : counted(calloc(n, size)); }

void *fuzz_realloc(void *block, size_t size) {
    if (is_short())
        return NULL;
    return block == NULL ? counted(malloc(size)) : realloc(block, size);
}

void fuzz_free(void *block) {
    fuzz_live -= block != NULL;
    free(block);
}
