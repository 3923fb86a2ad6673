/* From the bytes of a predict request to its matrix, in one pass and without an object per cell.
 *
 * It takes what nearly every request is: {"data": [{…}, …]}, perhaps with "options": {"probabilities": …}, keys and
 * texts without escapes, known features and categories. For anything else it says "doubt" and the general path decides,
 * so that both give the same answer or the same error. What it vouches for, it vouches for completely: strict JSON
 * (RFC 8259), no key twice, every cell of its feature's type, every number within float32 and within the range seen in
 * training, so that there is nothing to warn of.
 *
 * It reads a bytes object, which CPython ends with NUL; NUL is no JSON, so every loop ends there.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NUMERIC = 'n', INTEGER = 'i', BOOLEAN = 'b', CATEGORICAL = 'c' };

typedef struct {
    char *text; /* not ended by NUL */
    Py_ssize_t length;
    uint64_t head; /* see head_of */
} Text;

typedef struct {
    Text *texts;
    Py_ssize_t n;
    int32_t *slots; /* positions in texts by hash, -1 where empty; their number is a power of two above 2 n */
    uint32_t mask;
} Index;

typedef struct {
    char kind;
    char nullable;
    double least, most; /* numbers beyond are for the general path, which warns of them */
    Index categories;
} Feature;

typedef struct {
    PyObject_HEAD
    Feature *features;
    Index names;
    Py_ssize_t max_rows;
    uint32_t *seen; /* by feature: the number, from 1, of the last row that had it */
    const char *end; /* of the body that is read */
} Plan;

/* A text in a body. */
typedef struct {
    const char *text;
    Py_ssize_t length;
    uint32_t hash;
} Span;

/* Text by hash: FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/). Only texts of the schema are ever in an index. */

#define NO_HASH 2166136261u

static uint32_t hash_on(uint32_t hash, char sign) { return (hash ^ (unsigned char)sign) * 16777619u; }

static uint32_t slot_of(uint32_t hash) { return hash ^ (hash >> 15); }

static uint64_t word_at(const char *text) {
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

/* The first eight bytes, or all of a shorter text, as a number that tells texts of one length apart. */
static uint64_t head_of(const char *text, Py_ssize_t length) {
    uint32_t low = 0, high = 0;
    if (length >= 8)
        return word_at(text);
    if (length >= 4) { /* the two may overlap */
        memcpy(&low, text, sizeof low);
        memcpy(&high, text + length - 4, sizeof high);
        return (uint64_t)high << 32 | low;
    }
    for (Py_ssize_t i = 0; i < length; i++)
        low = low << 8 | (unsigned char)text[i];
    return low;
}

/* Most texts are short, and the call of memcmp would take as long as all else here. */
static int is_text(const Text *one, const char *text, Py_ssize_t length) {
    if (one->length != length || one->head != head_of(text, length))
        return 0;
    if (length <= 16)
        return length <= 8 || word_at(one->text + length - 8) == word_at(text + length - 8);
    return memcmp(one->text + 8, text + 8, (size_t)length - 8) == 0;
}

static int32_t find(const Index *index, const Span *span) {
    for (uint32_t slot = slot_of(span->hash);; slot++) {
        int32_t place = index->slots[slot & index->mask];
        if (place < 0 || is_text(&index->texts[place], span->text, span->length))
            return place;
    }
}

static void index_free(Index *index) {
    for (Py_ssize_t i = 0; index->texts != NULL && i < index->n; i++)
        free(index->texts[i].text);
    free(index->texts);
    free(index->slots);
    memset(index, 0, sizeof *index);
}

static int index_fill(Index *index, PyObject *tuple) {
    Py_ssize_t n = PyTuple_Size(tuple);
    if (n < 0)
        return -1;
    uint32_t size = 4;
    while (size < 2 * (size_t)n + 1)
        size *= 2;
    index->texts = calloc((size_t)n + 1, sizeof(Text));
    index->slots = malloc(size * sizeof(int32_t));
    if (index->texts == NULL || index->slots == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    index->mask = size - 1;
    memset(index->slots, 0xff, size * sizeof(int32_t));
    for (Py_ssize_t i = 0; i < n; i++) {
        char *text;
        Py_ssize_t length;
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(tuple, i), &text, &length) < 0)
            return -1;
        index->texts[i].text = malloc((size_t)length + 1);
        if (index->texts[i].text == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        memcpy(index->texts[i].text, text, (size_t)length);
        index->texts[i].length = length;
        index->texts[i].head = head_of(text, length);
        index->n = i + 1;
        uint32_t hash = NO_HASH;
        for (Py_ssize_t k = 0; k < length; k++)
            hash = hash_on(hash, text[k]);
        uint32_t slot = slot_of(hash);
        while (index->slots[slot & index->mask] >= 0)
            slot++;
        index->slots[slot & index->mask] = (int32_t)i;
    }
    return 0;
}

/* Each reader takes the place to read at and gives the place after what it read, or NULL for doubt. */

static const char *space(const char *p) {
    while ((unsigned char)*p <= ' ' && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

static const char *expect(const char *p, char sign) {
    p = space(p);
    return *p == sign ? space(p + 1) : NULL;
}

static const char *word(const char *p, const char *text) {
    size_t length = strlen(text);
    return strncmp(p, text, length) == 0 ? p + length : NULL;
}

/* What a text ends at: its quote; or an escape, a control character or the end, which are for the general path. */
static const unsigned char ENDS_TEXT[256] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ['"'] = 1, ['\\'] = 1};

static const char *string(const char *p, Span *span) {
    if (*p != '"')
        return NULL;
    span->text = ++p;
    uint32_t hash = NO_HASH;
    for (; !ENDS_TEXT[(unsigned char)*p]; p++)
        hash = hash_on(hash, *p);
    span->hash = hash;
    span->length = p - span->text;
    return *p == '"' ? p + 1 : NULL;
}

static int is_digit(char sign) { return sign >= '0' && sign <= '9'; }

/* Correctly rounded. Clinger's fast path (1990, "How to read floating point numbers accurately"): an integer below 2**53
 * times or over a power of ten up to 10**22 has one rounding only; the rest goes to CPython's own reader. */
static const double POWERS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

#define LONGEST_NUMBER 400

static const char *number(const char *start, double *value) {
    const char *p = start;
    int negative = *p == '-';
    uint64_t mantissa = 0; /* of up to 19 digits, else it has run over and is not used */
    p += negative;
    if (!is_digit(*p) || (*p == '0' && is_digit(p[1])))
        return NULL;
    const char *first = p;
    for (; is_digit(*p); p++)
        mantissa = mantissa * 10 + (uint64_t)(*p - '0');
    Py_ssize_t digits = p - first, exponent = 0;
    if (*p == '.') {
        first = ++p;
        for (; is_digit(*p); p++)
            mantissa = mantissa * 10 + (uint64_t)(*p - '0');
        if (p == first)
            return NULL;
        exponent = first - p;
        digits -= exponent;
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        int down = *p == '-', power = 0;
        p += *p == '-' || *p == '+';
        if (!is_digit(*p))
            return NULL;
        for (; is_digit(*p); p++)
            power = power < 10000 ? power * 10 + (*p - '0') : power;
        exponent += down ? -power : power;
    }
    if (p - start > LONGEST_NUMBER)
        return NULL;
    if (FLT_EVAL_METHOD == 0 && digits <= 19 && mantissa <= (UINT64_C(1) << 53) && exponent >= -22 && exponent <= 22) {
        double whole = (double)mantissa;
        *value = exponent < 0 ? whole / POWERS[-exponent] : whole * POWERS[exponent];
        if (negative)
            *value = -*value;
        return p;
    }
    char copy[LONGEST_NUMBER + 1], *end;
    memcpy(copy, start, (size_t)(p - start));
    copy[p - start] = '\0';
    *value = PyOS_string_to_double(copy, &end, NULL); /* infinite beyond float64 */
    if (*value == -1.0 && PyErr_Occurred()) {
        PyErr_Clear();
        return NULL;
    }
    return p;
}

static const char *cell(const char *p, const Feature *feature, float *value) {
    if (*p == 'n') {
        *value = NAN;
        return feature->nullable ? word(p, "null") : NULL;
    }
    if (feature->kind == BOOLEAN) {
        *value = *p == 't';
        return *p == 't' ? word(p, "true") : word(p, "false");
    }
    if (feature->kind == CATEGORICAL) {
        Span span;
        p = string(p, &span);
        int32_t code = p == NULL ? -1 : find(&feature->categories, &span);
        *value = (float)code;
        return code < 0 ? NULL : p;
    }
    double exact;
    p = number(p, &exact);
    if (p == NULL || (feature->kind == INTEGER && fabs(exact) < 0x1p53 && (double)(int64_t)exact != exact))
        return NULL;
    *value = (float)exact + 0.0f; /* no -0.0 */
    return isfinite(*value) && exact >= feature->least && exact <= feature->most ? p : NULL;
}

/* Which feature a key names, -1 for doubt. Most writers keep the schema's order, so that is looked at first. */
static const char *key(const Plan *plan, const char *p, Py_ssize_t likely, int32_t *place) {
    if (*p == '"' && likely < plan->names.n) {
        const Text *name = &plan->names.texts[likely];
        if (plan->end - p > name->length + 1 && p[name->length + 1] == '"' && is_text(name, p + 1, name->length)) {
            *place = (int32_t)likely;
            return p + name->length + 2;
        }
    }
    Span span;
    p = string(p, &span);
    *place = p == NULL ? -1 : find(&plan->names, &span);
    return p;
}

static const char *row(Plan *plan, const char *p, uint32_t number_of_row, float *cells) {
    Py_ssize_t n_seen = 0, next = 0;
    if ((p = expect(p, '{')) == NULL)
        return NULL;
    if (*p != '}') {
        for (;;) {
            int32_t place;
            p = key(plan, p, next, &place);
            if (place < 0 || plan->seen[place] == number_of_row)
                return NULL;
            plan->seen[place] = number_of_row;
            n_seen++;
            next = place + 1;
            if ((p = expect(p, ':')) == NULL || (p = cell(p, &plan->features[place], &cells[place])) == NULL)
                return NULL;
            p = space(p);
            if (*p == '}')
                break;
            if ((p = expect(p, ',')) == NULL)
                return NULL;
        }
    }
    for (Py_ssize_t i = 0; n_seen < plan->names.n && i < plan->names.n; i++) {
        if (plan->seen[i] == number_of_row)
            continue;
        if (!plan->features[i].nullable)
            return NULL;
        cells[i] = NAN;
    }
    return space(p + 1);
}

typedef struct {
    float *cells;
    Py_ssize_t n_rows, capacity;
    int has_data, has_options, probabilities; /* -1: not said */
} Request;

static const char *rows(Plan *plan, const char *p, Request *request) {
    if ((p = expect(p, '[')) == NULL)
        return NULL;
    for (;;) {
        if (request->n_rows == plan->max_rows)
            return NULL;
        if (request->n_rows == request->capacity) {
            Py_ssize_t capacity = request->capacity ? 4 * request->capacity : 4;
            void *more = realloc(request->cells, (size_t)(capacity * plan->names.n) * sizeof(float));
            if (more == NULL)
                return NULL;
            request->cells = more;
            request->capacity = capacity;
        }
        float *cells = request->cells + request->n_rows * plan->names.n;
        if ((p = row(plan, p, (uint32_t)++request->n_rows, cells)) == NULL)
            return NULL;
        if (*p == ']')
            return space(p + 1);
        if ((p = expect(p, ',')) == NULL)
            return NULL;
    }
}

static const char *options(const char *p, Request *request) {
    if ((p = expect(p, '{')) == NULL)
        return NULL;
    if (*p == '}')
        return space(p + 1);
    if ((p = word(p, "\"probabilities\"")) == NULL || (p = expect(p, ':')) == NULL)
        return NULL;
    request->probabilities = *p == 't';
    p = *p == 't' ? word(p, "true") : word(p, "false");
    return p == NULL ? NULL : expect(p, '}');
}

static const char *envelope(Plan *plan, const char *p, Request *request) {
    const char *after;
    if ((p = expect(p, '{')) == NULL)
        return NULL;
    for (;;) {
        if (!request->has_data && (after = word(p, "\"data\"")) != NULL) {
            request->has_data = 1;
            p = (after = expect(after, ':')) == NULL ? NULL : rows(plan, after, request);
        } else if (!request->has_options && (after = word(p, "\"options\"")) != NULL) {
            request->has_options = 1;
            p = (after = expect(after, ':')) == NULL ? NULL : options(after, request);
        } else
            return NULL;
        if (p == NULL)
            return NULL;
        if (*p == '}')
            return request->has_data ? space(p + 1) : NULL;
        if ((p = expect(p, ',')) == NULL)
            return NULL;
    }
}

PyDoc_STRVAR(decode_doc, "decode(body, /)\n--\n\n"
    "Read a request.\n\n"
    "Returns:\n"
    "    (cells, n_rows, probabilities) or None for doubt; cells are the bytes of a float32 matrix in C order,\n"
    "    probabilities is None where the body does not say.");

static PyObject *Plan_decode(Plan *self, PyObject *body) {
    char *text;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(body, &text, &length) < 0)
        return NULL;
    Request request = {.probabilities = -1};
    PyObject *result = NULL;
    memset(self->seen, 0, (size_t)self->names.n * sizeof(uint32_t));
    self->end = text + length;
    const char *end = envelope(self, text, &request);
    if (end == NULL || end != text + length)
        result = Py_NewRef(Py_None);
    else {
        Py_ssize_t size = request.n_rows * self->names.n * (Py_ssize_t)sizeof(float);
        PyObject *cells = PyByteArray_FromStringAndSize((char *)request.cells, size);
        PyObject *asked = request.probabilities < 0 ? Py_NewRef(Py_None) : PyBool_FromLong(request.probabilities);
        if (cells != NULL && asked != NULL)
            result = Py_BuildValue("(OnO)", cells, request.n_rows, asked);
        Py_XDECREF(cells);
        Py_XDECREF(asked);
    }
    free(request.cells);
    return result;
}

static void Plan_dealloc(Plan *self) {
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    for (Py_ssize_t i = 0; self->features != NULL && i < self->names.n; i++)
        index_free(&self->features[i].categories);
    index_free(&self->names);
    free(self->features);
    free(self->seen);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static int Plan_fill(Plan *self, PyObject *names, const char *kinds, const char *nullable, const char *limits,
                     PyObject *categories) {
    Py_ssize_t n = PyTuple_Size(names);
    double pair[2];
    self->features = calloc((size_t)n, sizeof(Feature));
    self->seen = calloc((size_t)n, sizeof(uint32_t));
    if (self->features == NULL || self->seen == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (index_fill(&self->names, names) < 0)
        return -1;
    for (Py_ssize_t i = 0; i < n; i++) {
        self->features[i].kind = kinds[i];
        self->features[i].nullable = nullable[i] == '1';
        memcpy(pair, limits + i * (Py_ssize_t)sizeof pair, sizeof pair);
        self->features[i].least = pair[0];
        self->features[i].most = pair[1];
        if (index_fill(&self->features[i].categories, PyTuple_GetItem(categories, i)) < 0)
            return -1;
    }
    return 0;
}

static PyObject *Plan_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    PyObject *names, *categories;
    const char *kinds, *nullable, *limits;
    Py_ssize_t n_kinds, n_nullable, n_limits, max_rows;
    static char *keywords[] = {"names", "kinds", "nullable", "limits", "categories", "max_rows", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!y#y#y#O!n", keywords, &PyTuple_Type, &names, &kinds, &n_kinds,
                                     &nullable, &n_nullable, &limits, &n_limits, &PyTuple_Type, &categories,
                                     &max_rows))
        return NULL;
    Py_ssize_t n = PyTuple_Size(names);
    if (n < 1 || n != n_kinds || n != n_nullable || n * 2 * (Py_ssize_t)sizeof(double) != n_limits ||
        n != PyTuple_Size(categories) || max_rows < 1) {
        PyErr_SetString(PyExc_ValueError, "a plan needs a name, kind, flag, range and list of categories a feature");
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Plan *self = (Plan *)allocate(type, 0);
    if (self == NULL)
        return NULL;
    self->max_rows = max_rows;
    if (Plan_fill(self, names, kinds, nullable, limits, categories) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static PyMethodDef plan_methods[] = {{"decode", (PyCFunction)Plan_decode, METH_O, decode_doc}, {NULL, NULL, 0, NULL}};

PyDoc_STRVAR(plan_doc, "Plan(names, kinds, nullable, limits, categories, max_rows)\n--\n\n"
    "What the rows of one feature schema look like.\n\n"
    "Args:\n"
    "    names: UTF-8 bytes of each feature's name; none needs an escape in JSON.\n"
    "    kinds: one of n, i, b, c a feature: numeric, integer, boolean, categorical.\n"
    "    nullable: 1 or 0 a feature.\n"
    "    limits: float64 (n_features, 2), the least and the greatest number that needs no warning.\n"
    "    categories: for each feature a tuple of UTF-8 bytes in the order of their codes, empty for another kind.\n"
    "    max_rows: of one request.");

static PyType_Slot plan_slots[] = {{Py_tp_new, Plan_new},
                                   {Py_tp_dealloc, Plan_dealloc},
                                   {Py_tp_methods, plan_methods},
                                   {Py_tp_doc, (void *)plan_doc},
                                   {0, NULL}};
static PyType_Spec plan_spec = {"mlapi.app.schemas._rows.Plan", sizeof(Plan), 0, Py_TPFLAGS_DEFAULT, plan_slots};

static int module_exec(PyObject *module) {
    PyObject *type = PyType_FromSpec(&plan_spec);
    if (type == NULL)
        return -1;
    int failed = PyModule_AddObjectRef(module, "Plan", type);
    Py_DECREF(type);
    return failed;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, module_exec}, {0, NULL}};
static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT, "_rows", "JSON rows to a float32 matrix.", 0, NULL, module_slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__rows(void) { return PyModuleDef_Init(&module_def); }
