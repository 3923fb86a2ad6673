/* The type Plain. Its constructor copies the arrays that it is given and checks every index in them. */
#include "python.h"

#include <stdlib.h>

typedef struct {
    PyObject_HEAD
    Plain trees;
} PlainObject;

static PyObject *plain_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *a[6];
    Py_ssize_t n_columns;
    size_t n_roots, n_shares;
    if (!PyArg_ParseTuple(args, "nOOOOOO", &n_columns, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5]))
        return NULL;
    PyObject *self = allocate(type);
    if (!self)
        return NULL;
    Plain *trees = &((PlainObject *)self)->trees;
    trees->forest.n_columns = (size_t)n_columns;
    const Array arrays[] = {
        {a[0], "f", 4, 1, (void **)&trees->forest.base, &trees->forest.n_groups},
        {a[1], "I", 4, 1, (void **)&trees->forest.groups, &trees->forest.n_trees},
        {a[2], "I", 4, 1, (void **)&trees->roots, &n_roots},
        {a[3], "I", 4, 6, (void **)&trees->nodes, &trees->n_nodes},
        {a[4], "I", 4, 1, (void **)&trees->words, &trees->n_words},
        {a[5], "d", 8, 1, (void **)&trees->shares, &n_shares},
    };
    if (take_arrays(arrays, COUNT(arrays), NULL)) {
        Py_DECREF(self);
        return NULL;
    }
    if (n_roots != trees->forest.n_trees || n_shares != trees->n_nodes)
        return checked(self, "there are not as many roots as trees, or shares as nodes");
    trees->means = calloc(n_roots + 1, sizeof *trees->means);
    return checked(self, trees->means ? plain_check(trees) : "memory is short");
}

static void plain_dealloc(PyObject *self)
{
    Plain *trees = &((PlainObject *)self)->trees;
    free(trees->forest.base);
    free(trees->forest.groups);
    free(trees->roots);
    free(trees->nodes);
    free(trees->words);
    free(trees->used);
    free(trees->shares);
    free(trees->means);
    release(self);
}

static PyObject *plain_margin_method(PyObject *self, PyObject *const *args, Py_ssize_t n_args)
{
    const Plain *trees = &((PlainObject *)self)->trees;
    Views views;
    if (open_views(&views, args, n_args))
        return NULL;
    WALK(views, views_fit(&views, &trees->forest, "f", sizeof(float), trees->forest.n_groups),
         plain_margin(trees, views.matrix.buf, views.n_rows, views.answer.buf))
}

static PyObject *plain_contributions_method(PyObject *self, PyObject *const *args, Py_ssize_t n_args)
{
    const Plain *trees = &((PlainObject *)self)->trees;
    const size_t width = trees->forest.n_groups * (trees->forest.n_columns + 1);
    Views views;
    if (open_views(&views, args, n_args))
        return NULL;
    WALK(views, views_fit(&views, &trees->forest, "d", sizeof(double), width),
         plain_contributions(trees, views.matrix.buf, views.n_rows, views.answer.buf))
}

static PyMethodDef plain_methods[] = {
    METHOD("margin", plain_margin_method, "Fill a float32 array (n_rows, n_groups) with the margins of a matrix."),
    METHOD("contributions", plain_contributions_method,
           "Fill a float64 array (n_rows, n_groups, n_columns + 1) with the contributions to the margins of a matrix."),
    {0},
};

static PyType_Slot plain_slots[] = {
    {Py_tp_new, plain_new}, {Py_tp_dealloc, plain_dealloc}, {Py_tp_methods, plain_methods}, {0},
};

PyType_Spec plain_spec = {"mlapi.bundle._trees.Plain", sizeof(PlainObject), 0, Py_TPFLAGS_DEFAULT, plain_slots};
