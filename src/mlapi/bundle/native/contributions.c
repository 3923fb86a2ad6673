/* SHAP values, exact and path-dependent: algorithm 2 of Lundberg, Erion and Lee 2018, "Consistent Individualized Feature
 * Attribution for Tree Ensembles" (arXiv:1802.03888). The names are the paper's. */
#include "trees.h"

#include <stdlib.h>
#include <string.h>

#define NO_COLUMN UINT32_MAX

/* A column on the way to a node: zero and one are the shares of subsets without and with it that come here. */
typedef struct {
    uint32_t column;
    double zero, one, weight;
} Step;

typedef struct {
    const Plain *trees;
    const float *row;
    double *values;  /* (n_columns + 1) */
} Walk;

static void extend(Step *path, size_t length, Step step)
{
    path[length] = step;
    path[length].weight = length ? 0.0 : 1.0;
    for (size_t i = length; i-- > 0;) {
        path[i + 1].weight += step.one * path[i].weight * (double)(i + 1) / (double)(length + 1);
        path[i].weight = step.zero * path[i].weight * (double)(length - i) / (double)(length + 1);
    }
}

/* Undo the extension by a step; its zero and one are never both 0. */
static void unwind(Step *path, size_t last, size_t step)
{
    const double one = path[step].one, zero = path[step].zero;
    double next = path[last].weight;
    for (size_t i = last; i-- > 0;) {
        const double weight = path[i].weight;
        if (one != 0.0) {
            path[i].weight = next * (double)(last + 1) / ((double)(i + 1) * one);
            next = weight - path[i].weight * zero * (double)(last - i) / (double)(last + 1);
        } else {
            path[i].weight = weight * (double)(last + 1) / (zero * (double)(last - i));
        }
    }
    for (size_t i = step; i < last; i++) {
        path[i].column = path[i + 1].column;
        path[i].zero = path[i + 1].zero;
        path[i].one = path[i + 1].one;
    }
}

/* The sum of the weights that unwinding would leave. */
static double unwound_sum(const Step *path, size_t last, size_t step)
{
    const double one = path[step].one, zero = path[step].zero;
    double next = path[last].weight, total = 0.0;
    for (size_t i = last; i-- > 0;) {
        if (one != 0.0) {
            const double weight = next * (double)(last + 1) / ((double)(i + 1) * one);
            total += weight;
            next = path[i].weight - weight * zero * (double)(last - i) / (double)(last + 1);
        } else {
            total += path[i].weight * (double)(last + 1) / (zero * (double)(last - i));
        }
    }
    return total;
}

/* The path to a node has `length` steps before this one and room for as many more as the tree is deep. */
static void recurse(const Walk *walk, uint32_t at, Step *parent, size_t length, Step step)
{
    Step *path = parent + length;
    memcpy(path, parent, length * sizeof *path);
    extend(path, length, step);
    const Node *node = &walk->trees->nodes[at];
    if (node->child == at) {
        for (size_t i = 1; i <= length; i++)
            walk->values[path[i].column] +=
                unwound_sum(path, length, i) * (path[i].one - path[i].zero) * node->condition;
        return;
    }
    const uint32_t column = node->slot / 4;
    double zero = 1.0, one = 1.0;
    size_t last = length, same = 1;
    while (same <= length && path[same].column != column)
        same++;
    if (same <= length) { /* the column stood on the way before: one step for both tests */
        zero = path[same].zero;
        one = path[same].one;
        unwind(path, length, same);
        last--;
    }
    const uint32_t right = goes_right(walk->trees, node, walk->row);
    for (uint32_t side = 0; side < 2; side++) {
        const Step next = {column, zero * walk->trees->shares[node->child + side], side == right ? one : 0.0, 0.0};
        if (next.zero != 0.0 || next.one != 0.0) /* else nothing comes here */
            recurse(walk, node->child + side, path, last + 1, next);
    }
}

int plain_contributions(const Plain *trees, const float *matrix, size_t n_rows, double *contributions)
{
    const Forest *forest = &trees->forest;
    const size_t width = forest->n_columns + 1;
    /* every level copies a path that is one longer than its parent's */
    Step *path = malloc((trees->depth + 2) * (trees->depth + 3) / 2 * sizeof *path);
    if (!path)
        return -1;
    for (size_t i = 0; i < n_rows; i++) {
        double *values = contributions + i * forest->n_groups * width;
        memset(values, 0, forest->n_groups * width * sizeof *values);
        for (size_t group = 0; group < forest->n_groups; group++)
            values[group * width + forest->n_columns] = forest->base[group];
        for (size_t tree = 0; tree < forest->n_trees; tree++) {
            const Walk walk = {trees, matrix + i * forest->n_columns, values + forest->groups[tree] * width};
            recurse(&walk, trees->roots[tree], path, 0, (Step){NO_COLUMN, 1.0, 1.0, 1.0});
            walk.values[forest->n_columns] += trees->means[tree];
        }
    }
    free(path);
    return 0;
}
