/* What a row's trees look at: its cells, or the answers to all their tests. */
#include "trees.h"

#include <string.h>

static void put(uint8_t *cells, uint32_t number)
{
    cells[0] = (uint8_t)number;
    cells[1] = (uint8_t)(number >> 8);
}

static const uint8_t *strip_at(const Padded *trees, const Categorical *one, float cell)
{
    return trees->strips + one->first + strip_of(one, cell) * one->n_cells;
}

/* A row as cells: see Numeric and Categorical. What is no column's stays as it is. */
void padded_quantise(const Padded *trees, const float *row, uint8_t *cells)
{
    for (size_t i = 0; i < trees->n_numeric; i++) {
        const Numeric *one = &trees->numeric[i];
        const float cell = row[one->column];
        const uint32_t bin = count_at_most(trees->splits + one->first, one->count, cell);
        put(cells + one->slot, bin);                                      /* missing is below every split value … */
        put(cells + one->slot + 2, cell != cell ? UINT16_MAX : bin);      /* … or above every one */
    }
    for (size_t i = 0; i < trees->n_categorical; i++) {
        const Categorical *one = &trees->categorical[i];
        memcpy(cells + one->slot, strip_at(trees, one, row[one->column]), one->n_cells);
    }
}

/* Answer every test for a row, in the order in which numbering.c numbers them: 1 is to the right. */
void padded_answer(const Padded *trees, const float *row, uint8_t *answers)
{
    *answers++ = 1;
    for (size_t i = 0; i < trees->n_numeric; i++) {
        const Numeric *one = &trees->numeric[i];
        const float cell = row[one->column];
        const uint32_t bin = count_at_most(trees->splits + one->first, one->count, cell);
        const uint8_t *passed = trees->passed + trees->most_bins - bin; /* so many ones, and zeros behind them */
        memcpy(answers, passed, one->count);
        memcpy(answers + one->count, cell != cell ? trees->passed : passed, one->count);
        answers += 2 * one->count;
    }
    for (size_t i = 0; i < trees->n_categorical; i++) {
        const Categorical *one = &trees->categorical[i];
        memcpy(answers, strip_at(trees, one, row[one->column]), one->n_cells);
        answers += one->n_cells;
    }
}
