/* From margins to probabilities, in float32 as XGBoost computes them (common/math.h), with the same libm's expf. */
#include "trees.h"

#include <math.h>

/* `Sigmoid`: the exponent is clamped so that expf stays finite; XGBoost's kEps of 1e-16 is lost beside 1 in float32. */
void sigmoid_pairs(const float *margin, size_t n_rows, float *answer)
{
    for (size_t row = 0; row < n_rows; row++) {
        const float exponent = -margin[row] > 88.7f ? 88.7f : -margin[row]; /* NaN stays NaN */
        const float second = 1.0f / (expf(exponent) + 1.0f);
        answer[2 * row] = 1.0f - second;
        answer[2 * row + 1] = second;
    }
}

/* `Softmax`: added up in float64 from left to right, divided in float32. */
void softmax_rows(const float *margin, size_t n_rows, size_t n_groups, float *answer)
{
    for (; n_rows--; margin += n_groups, answer += n_groups) {
        float most = margin[0];
        double total = 0.0;
        for (size_t i = 1; i < n_groups; i++)
            most = margin[i] > most ? margin[i] : most;
        for (size_t i = 0; i < n_groups; i++)
            total += answer[i] = expf(margin[i] - most);
        for (size_t i = 0; i < n_groups; i++)
            answer[i] /= (float)total;
    }
}
