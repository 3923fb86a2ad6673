/* The type Padded. Its constructor checks every index in the arrays that it is given. What can be written to is copied first, so
 * that nothing that happens to the arrays later can lead a walk astray; what is read-only stays where it is, so that processes
 * share the pages of the file that it is mapped from. */
#include "python.h"

#include <stdlib.h>

#define PADDED_ARRAYS 9

typedef struct {
    PyObject_HEAD
    Padded trees;
    Py_buffer kept[PADDED_ARRAYS]; /* of the arrays that were not copied, as `arrays` orders them in padded_new */
} PaddedObject;

static PyObject *padded_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *a[PADDED_ARRAYS];
    Py_ssize_t n_columns;
    if (!PyArg_ParseTuple(args, "nOOOOOOOOO", &n_columns, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5], &a[6], &a[7], &a[8]))
        return NULL;
    PyObject *self = allocate(type);
    if (!self)
        return NULL;
    Padded *trees = &((PaddedObject *)self)->trees;
    trees->forest.n_columns = (size_t)n_columns;
    const Array arrays[] = {
        {a[0], "f", 4, 1, (void **)&trees->forest.base, &trees->forest.n_groups},
        {a[1], "I", 4, 1, (void **)&trees->forest.groups, &trees->forest.n_trees},
        {a[2], "B", 1, 1, (void **)&trees->depths, &trees->n_blocks},
        {a[3], "I", 4, 1, (void **)&trees->nodes, &trees->n_nodes},
        {a[4], "f", 4, 1, (void **)&trees->leaves, &trees->n_leaves},
        {a[5], "f", 4, 1, (void **)&trees->splits, &trees->n_splits},
        {a[6], "I", 4, 4, (void **)&trees->numeric, &trees->n_numeric},
        {a[7], "I", 4, 5, (void **)&trees->categorical, &trees->n_categorical},
        {a[8], "B", 1, 1, (void **)&trees->strips, &trees->n_strips},
    };
    if (take_arrays(arrays, COUNT(arrays), ((PaddedObject *)self)->kept)) {
        Py_DECREF(self);
        return NULL;
    }
    return checked(self, padded_check(trees));
}

static void padded_dealloc(PyObject *self)
{
    Padded *trees = &((PaddedObject *)self)->trees;
    void *const items[PADDED_ARRAYS] = {
        trees->forest.base, trees->forest.groups, trees->depths,      trees->nodes,  trees->leaves,
        trees->splits,      trees->numeric,       trees->categorical, trees->strips,
    };
    free(trees->tests);
    free(trees->sets);
    free(trees->passed);
    for (size_t i = 0; i < PADDED_ARRAYS; i++) {
        Py_buffer *kept = &((PaddedObject *)self)->kept[i];
        if (kept->obj)
            PyBuffer_Release(kept);
        else
            free(items[i]);
    }
    release(self);
}

static PyObject *padded_margin_method(PyObject *self, PyObject *const *args, Py_ssize_t n_args)
{
    const Padded *trees = &((PaddedObject *)self)->trees;
    Views views;
    if (open_views(&views, args, n_args))
        return NULL;
    WALK(views, views_fit(&views, &trees->forest, "f", sizeof(float), trees->forest.n_groups),
         padded_margin(trees, views.matrix.buf, views.n_rows, views.answer.buf))
}

static PyMethodDef padded_methods[] = {
    METHOD("margin", padded_margin_method, "Fill a float32 array (n_rows, n_groups) with the margins of a matrix."),
    {0},
};

static PyObject *is_sliced(PyObject *self, void *unused)
{
    return PyBool_FromLong(((PaddedObject *)self)->trees.sets != NULL);
}

static PyObject *is_by_test(PyObject *self, void *unused)
{
    return PyBool_FromLong(((PaddedObject *)self)->trees.by_test);
}

static PyGetSetDef padded_members[] = {
    {"by_test", is_by_test, NULL, "Whether a row is walked by the answers to all tests, and not by its cells.", NULL},
    {"sliced", is_sliced, NULL, "Whether many rows are answered at once, and not one by one.", NULL},
    {0},
};

static PyType_Slot padded_slots[] = {
    {Py_tp_new, padded_new},         {Py_tp_dealloc, padded_dealloc}, {Py_tp_methods, padded_methods},
    {Py_tp_getset, padded_members}, {0},
};

PyType_Spec padded_spec = {"mlapi.bundle._trees.Padded", sizeof(PaddedObject), 0, Py_TPFLAGS_DEFAULT, padded_slots};
