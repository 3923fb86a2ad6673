/* mlapi.bundle._trees: the types Padded and Plain. A constructor checks every index in the arrays that it is given. What can
 * be written to is copied first, so that nothing that happens to the arrays later can lead a walk astray; Padded keeps what
 * is read-only where it is, so that processes share the pages of the file that it is mapped from. */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000 /* one build for every Python from 3.11 on */
#include <Python.h>

#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "trees.h"

#define RELEASE_ROWS 16  /* below, giving up the interpreter's lock costs more than others gain from it */

#define PADDED_ARRAYS 9

typedef struct {
    PyObject_HEAD
    Padded trees;
    Py_buffer kept[PADDED_ARRAYS]; /* of the arrays that were not copied, as `arrays` orders them in padded_new */
} PaddedObject;

typedef struct {
    PyObject_HEAD
    Plain trees;
} PlainObject;

/* One array argument: where its items go, and how many records it has. A record is `fields` items of the format. */
typedef struct {
    PyObject *object;
    const char *format;
    size_t item_bytes, fields;
    void **items;
    size_t *count;
} Array;

/* Take an array: a copy for free(), or, if `kept` is given and becomes a view, the items where they are. */
static int take_array(const Array *array, Py_buffer *kept)
{
    Py_buffer view;
    if (PyObject_GetBuffer(array->object, &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS))
        return -1;
    const size_t bytes = (size_t)view.len, record_bytes = array->item_bytes * array->fields;
    const int fits = !strcmp(view.format, array->format) && bytes % record_bytes == 0 && bytes / record_bytes < UINT32_MAX;
    if (!fits)
        PyErr_Format(PyExc_ValueError, "an array is not of records of %zu %s", array->fields, array->format);
    else if (kept && view.readonly && bytes && (uintptr_t)view.buf % array->item_bytes == 0) {
        *array->items = view.buf;
        *array->count = bytes / record_bytes;
        *kept = view;
        return 0;
    } else if (!(*array->items = malloc(bytes ? bytes : 1)))
        PyErr_NoMemory();
    else
        memcpy(*array->items, view.buf, bytes);
    *array->count = bytes / record_bytes;
    PyBuffer_Release(&view);
    return *array->items ? 0 : -1;
}

static int take_arrays(const Array *arrays, size_t n, Py_buffer *kept)
{
    for (size_t i = 0; i < n; i++)
        if (take_array(&arrays[i], kept ? &kept[i] : NULL))
            return -1;
    return 0;
}

/* Give the object where its parts fit together, else drop it and raise ValueError. */
static PyObject *checked(PyObject *self, const char *fault)
{
    if (!fault)
        return self;
    PyErr_SetString(PyExc_ValueError, fault);
    Py_DECREF(self);
    return NULL;
}

static PyObject *allocate(PyTypeObject *type)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    return alloc(type, 0); /* all zero */
}

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

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

static void release(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release_memory = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release_memory(self);
    Py_DECREF(type);
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
    for (size_t i = 0; i < PADDED_ARRAYS; i++) {
        Py_buffer *kept = &((PaddedObject *)self)->kept[i];
        if (kept->obj)
            PyBuffer_Release(kept);
        else
            free(items[i]);
    }
    release(self);
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

/* The two arguments of every walk: a matrix to read, and an array to fill with `width` numbers a row. */
typedef struct {
    Py_buffer matrix, answer;
    size_t n_rows;
} Views;

static int views_fit(Views *views, const Forest *forest, const char *format, size_t item_bytes, size_t width)
{
    const Py_buffer *matrix = &views->matrix, *answer = &views->answer;
    if (strcmp(matrix->format, "f") || matrix->ndim != 2 || (size_t)matrix->shape[1] != forest->n_columns)
        return 0;
    views->n_rows = (size_t)matrix->shape[0];
    return !strcmp(answer->format, format) && (size_t)answer->len == views->n_rows * width * item_bytes;
}

static int open_views(Views *views, PyObject *const *args, Py_ssize_t n_args)
{
    if (n_args != 2) {
        PyErr_SetString(PyExc_TypeError, "a matrix and an array for the answer are needed");
        return -1;
    }
    if (PyObject_GetBuffer(args[0], &views->matrix, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS))
        return -1;
    if (PyObject_GetBuffer(args[1], &views->answer, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE)) {
        PyBuffer_Release(&views->matrix);
        return -1;
    }
    return 0;
}

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
    PyBuffer_Release(&(views).matrix);                                              \
    PyBuffer_Release(&(views).answer);                                              \
    if (!fits_)                                                                     \
        PyErr_SetString(PyExc_ValueError, "the matrix or the answer has another shape or dtype"); \
    if (failed_)                                                                    \
        PyErr_NoMemory();                                                           \
    if (!fits_ || failed_)                                                          \
        return NULL;                                                                \
    Py_RETURN_NONE;

static PyObject *padded_margin_method(PyObject *self, PyObject *const *args, Py_ssize_t n_args)
{
    const Padded *trees = &((PaddedObject *)self)->trees;
    Views views;
    if (open_views(&views, args, n_args))
        return NULL;
    WALK(views, views_fit(&views, &trees->forest, "f", sizeof(float), trees->forest.n_groups),
         padded_margin(trees, views.matrix.buf, views.n_rows, views.answer.buf))
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

#define METHOD(name, function, text) {name, (PyCFunction)(void (*)(void))function, METH_FASTCALL, text}

static int fill_probabilities(const Py_buffer *margin, const Py_buffer *answer)
{
    int fits = !strcmp(margin->format, "f") && margin->ndim == 2 && !strcmp(answer->format, "f") && answer->ndim == 2 &&
               margin->shape[0] == answer->shape[0] && margin->shape[1] > 0 &&
               answer->shape[1] == (margin->shape[1] == 1 ? 2 : margin->shape[1]);
    const size_t n_rows = fits ? (size_t)margin->shape[0] : 0;
    if (fits && margin->shape[1] == 1)
        sigmoid_pairs(margin->buf, n_rows, answer->buf);
    else if (fits)
        softmax_rows(margin->buf, n_rows, (size_t)margin->shape[1], answer->buf);
    else
        PyErr_SetString(PyExc_ValueError, "the margins or the answer have another shape or dtype");
    return fits ? 0 : -1;
}

static PyObject *probabilities(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    Views views;
    if (open_views(&views, args, n_args))
        return NULL;
    const int failed = fill_probabilities(&views.matrix, &views.answer);
    PyBuffer_Release(&views.matrix);
    PyBuffer_Release(&views.answer);
    return failed ? NULL : Py_NewRef(Py_None);
}

/* The number of the class that a row of n_classes probabilities is given: for two by the threshold, else the greatest. */
static Py_ssize_t chosen(const float *row, Py_ssize_t n_classes, float threshold)
{
    Py_ssize_t best = 0;
    if (n_classes == 2)
        return row[1] >= threshold;
    for (Py_ssize_t i = 1; i < n_classes; i++)
        best = row[i] > row[best] ? i : best;
    return best;
}

static PyObject *choose(const Py_buffer *view, PyObject *classes, float threshold)
{
    const Py_ssize_t n_classes = PyTuple_Size(classes);
    if (strcmp(view->format, "f") || view->ndim != 2 || view->shape[1] != n_classes || !n_classes) {
        PyErr_SetString(PyExc_ValueError, "the probabilities have another shape or dtype");
        return NULL;
    }
    PyObject *list = PyList_New(view->shape[0]);
    for (Py_ssize_t row = 0; list && row < view->shape[0]; row++) {
        const float *probabilities_of_row = (const float *)view->buf + row * n_classes;
        PyObject *label = PyTuple_GetItem(classes, chosen(probabilities_of_row, n_classes, threshold));
        PyList_SetItem(list, row, Py_NewRef(label)); /* cannot fail: the list is new and as long */
    }
    return list;
}

static PyObject *labels(PyObject *module, PyObject *args)
{
    PyObject *given, *classes;
    float threshold;
    Py_buffer view;
    if (!PyArg_ParseTuple(args, "OO!f", &given, &PyTuple_Type, &classes, &threshold))
        return NULL;
    if (PyObject_GetBuffer(given, &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS))
        return NULL;
    PyObject *list = choose(&view, classes, threshold);
    PyBuffer_Release(&view);
    return list;
}

/* What `probabilities` and `labels` do, in one call: one row costs what the calls cost. */
static PyObject *decide(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    if (n_args != 4 || !PyTuple_Check(args[2])) {
        PyErr_SetString(PyExc_TypeError, "margins, an array for the answer, a tuple of classes and a threshold are needed");
        return NULL;
    }
    const double threshold = PyFloat_AsDouble(args[3]);
    Views views;
    if (PyErr_Occurred() || open_views(&views, args, 2))
        return NULL;
    PyObject *list = fill_probabilities(&views.matrix, &views.answer) ? NULL : choose(&views.answer, args[2], (float)threshold);
    PyBuffer_Release(&views.matrix);
    PyBuffer_Release(&views.answer);
    return list;
}

/* Write one number, by the given function where ours does not; its length, or 0 with an error set. */
static size_t spell(float number, PyObject *otherwise, char *text)
{
    size_t length = spell_probability(number, text);
    if (length)
        return length;
    PyObject *spelled = PyObject_CallFunction(otherwise, "f", number);
    char *bytes;
    Py_ssize_t size;
    if (spelled && !PyBytes_AsStringAndSize(spelled, &bytes, &size)) {
        if (size > 0 && size <= LONGEST_NUMBER)
            memcpy(text, bytes, length = (size_t)size);
        else
            PyErr_SetString(PyExc_ValueError, "a number is too long");
    }
    Py_XDECREF(spelled);
    return length;
}

/* One object a row; the keys are b'"name":'. Gives where it ends, or NULL with an error set. */
static char *write_rows(const Py_buffer *view, PyObject *keys, PyObject *otherwise, char *text)
{
    const Py_ssize_t n_classes = view->shape[1];
    const float *number = view->buf;
    for (Py_ssize_t row = 0; row < view->shape[0]; row++) {
        for (Py_ssize_t i = 0; i < n_classes; i++, number++) {
            PyObject *key = PyTuple_GetItem(keys, i);
            const Py_ssize_t size = PyBytes_Size(key);
            *text++ = i ? ',' : '{';
            memcpy(text, PyBytes_AsString(key), (size_t)size);
            text += size;
            const size_t length = spell(*number, otherwise, text);
            if (!length)
                return NULL;
            text += length;
        }
        *text++ = '}';
        *text++ = ',';
    }
    return text;
}

static PyObject *json_rows(PyObject *module, PyObject *args)
{
    PyObject *given, *keys, *otherwise;
    Py_buffer view;
    if (!PyArg_ParseTuple(args, "OO!O", &given, &PyTuple_Type, &keys, &otherwise))
        return NULL;
    size_t row_bytes = 2;
    for (Py_ssize_t i = 0; i < PyTuple_Size(keys); i++) {
        const Py_ssize_t size = PyBytes_Size(PyTuple_GetItem(keys, i));
        if (size < 0)
            return NULL;
        row_bytes += (size_t)size + LONGEST_NUMBER + 1;
    }
    if (PyObject_GetBuffer(given, &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS))
        return NULL;
    PyObject *json = NULL;
    char *text = NULL;
    if (strcmp(view.format, "f") || view.ndim != 2 || view.shape[0] < 1 || view.shape[1] < 1 ||
        view.shape[1] != PyTuple_Size(keys))
        PyErr_SetString(PyExc_ValueError, "the probabilities have another shape or dtype");
    else if (!(text = malloc((size_t)view.shape[0] * row_bytes + 1)))
        PyErr_NoMemory();
    else {
        *text = '[';
        char *end = write_rows(&view, keys, otherwise, text + 1);
        if (end) {
            end[-1] = ']'; /* in place of the last comma */
            json = PyBytes_FromStringAndSize(text, end - text);
        }
    }
    free(text);
    PyBuffer_Release(&view);
    return json;
}

static PyMethodDef padded_methods[] = {
    METHOD("margin", padded_margin_method, "Fill a float32 array (n_rows, n_groups) with the margins of a matrix."),
    {0},
};

static PyMethodDef plain_methods[] = {
    METHOD("margin", plain_margin_method, "Fill a float32 array (n_rows, n_groups) with the margins of a matrix."),
    METHOD("contributions", plain_contributions_method,
           "Fill a float64 array (n_rows, n_groups, n_columns + 1) with the contributions to the margins of a matrix."),
    {0},
};

static PyObject *is_sliced(PyObject *self, void *unused)
{
    return PyBool_FromLong(((PaddedObject *)self)->trees.tests != NULL);
}

static PyGetSetDef padded_members[] = {
    {"sliced", is_sliced, NULL, "Whether many rows are answered at once, and not one by one.", NULL},
    {0},
};

static PyType_Slot padded_slots[] = {
    {Py_tp_new, padded_new},         {Py_tp_dealloc, padded_dealloc}, {Py_tp_methods, padded_methods},
    {Py_tp_getset, padded_members}, {0},
};

static PyType_Slot plain_slots[] = {
    {Py_tp_new, plain_new}, {Py_tp_dealloc, plain_dealloc}, {Py_tp_methods, plain_methods}, {0},
};

static PyType_Spec padded_spec = {"mlapi.bundle._trees.Padded", sizeof(PaddedObject), 0, Py_TPFLAGS_DEFAULT, padded_slots};
static PyType_Spec plain_spec = {"mlapi.bundle._trees.Plain", sizeof(PlainObject), 0, Py_TPFLAGS_DEFAULT, plain_slots};

static int add_type(PyObject *module, const char *name, PyType_Spec *spec)
{
    PyObject *type = PyType_FromSpec(spec);
    const int failed = !type || PyModule_AddObjectRef(module, name, type);
    Py_XDECREF(type);
    return failed ? -1 : 0;
}

static int execute(PyObject *module)
{
    return add_type(module, "Padded", &padded_spec) || add_type(module, "Plain", &plain_spec) ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, execute}, {0}};

static PyObject *trim(PyObject *module, PyObject *nothing)
{
#ifdef __GLIBC__
    Py_BEGIN_ALLOW_THREADS
    malloc_trim(0);
    Py_END_ALLOW_THREADS
#endif
    Py_RETURN_NONE;
}

static PyMethodDef module_methods[] = {
    {"json_rows", json_rows, METH_VARARGS,
     "Give probabilities (n_rows, n_classes) as JSON, an object a row; a function spells the numbers that C does not."},
    METHOD("probabilities", probabilities,
           "Fill a float32 array (n_rows, n_classes) with the probabilities of margins (n_rows, n_groups)."),
    METHOD("decide", decide, "Fill in the probabilities of margins, and give the labels: `probabilities`, then `labels`."),
    {"trim", trim, METH_NOARGS, "Give memory that is free back to the machine, where the C library can."},
    {"labels", labels, METH_VARARGS,
     "Give for each row of probabilities (n_rows, n_classes) one of the classes, a tuple; the threshold counts for two."},
    {0},
};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_trees", "Walks over trees in C.", 0, module_methods, module_slots};

PyMODINIT_FUNC PyInit__trees(void)
{
    return PyModuleDef_Init(&module);
}
