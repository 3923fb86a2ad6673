/* What the parts of mlapi.bundle._trees that speak to Python share. */
#ifndef MLAPI_PYTHON_H
#define MLAPI_PYTHON_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000 /* one build for every Python from 3.11 on */
#include <Python.h>

#include "trees.h"

/* One array argument: where its items go, and how many records it has. A record is `fields` items of the format. */
typedef struct {
    PyObject *object;
    const char *format;
    size_t item_bytes, fields;
    void **items;
    size_t *count;
} Array;

/* Take arrays, each a copy for free(), or, if `kept` is given and becomes a view, the items where they are. */
int take_arrays(const Array *arrays, size_t n, Py_buffer *kept);

/* A new object of a type, all zero; and its end. */
PyObject *allocate(PyTypeObject *type);
void release(PyObject *self);

/* Give the object where its parts fit together, else drop it and raise ValueError. */
PyObject *checked(PyObject *self, const char *fault);

/* The two arguments of every walk: a matrix to read, and an array to fill with `width` numbers a row. */
typedef struct {
    Py_buffer matrix, answer;
    size_t n_rows;
} Views;

int open_views(Views *views, PyObject *const *args, Py_ssize_t n_args);
void close_views(Views *views);

/* Whether the matrix is one of a forest, and the answer has `width` numbers of a format for each of its rows. */
int views_fit(Views *views, const Forest *forest, const char *format, size_t item_bytes, size_t width);

#define RELEASE_ROWS 16  /* below, giving up the interpreter's lock costs more than others gain from it */

/* Call a walk where the views fit, give None, and raise where it or they fail. */
#define WALK(views, fits, call)                                                     \
    int fits_ = (fits), failed_ = 0;                                                \
    if (fits_ && (views).n_rows < RELEASE_ROWS)                                     \
        failed_ = (call);                                                           \
    else if (fits_) {                                                               \
        Py_BEGIN_ALLOW_THREADS                                                      \
        failed_ = (call);                                                           \
        Py_END_ALLOW_THREADS                                                        \
    }                                                                               \
    close_views(&(views));                                                          \
    if (!fits_)                                                                     \
        PyErr_SetString(PyExc_ValueError, "the matrix or the answer has another shape or dtype"); \
    if (failed_)                                                                    \
        PyErr_NoMemory();                                                           \
    if (!fits_ || failed_)                                                          \
        return NULL;                                                                \
    Py_RETURN_NONE;

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define METHOD(name, function, text) {name, (PyCFunction)(void (*)(void))function, METH_FASTCALL, text}

extern PyType_Spec padded_spec, plain_spec;

/* Functions of the module. */
PyObject *probabilities(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *labels(PyObject *module, PyObject *args);
PyObject *decide(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *json_rows(PyObject *module, PyObject *args);

#endif
