/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include <string.h>

struct kri_layout kri_layout_of(const kr_behaviour *behaviour)
{
        struct kri_layout layout = { .size = behaviour->state_size,
                                     .versioning = behaviour->versioning };

        if (behaviour->fields != NULL)
                layout.fields = *behaviour->fields;
        if (behaviour->version != NULL)
                layout.version = *behaviour->version;
        return layout;
}

struct kri_layout kri_layout_of_handler(const kr_handler_module *module)
{
        struct kri_layout layout = { .size = module->state_size,
                                     .fields = *module->fields,
                                     .version = *module->version,
                                     .versioning = module->versioning };

        return layout;
}

const char *kri_layout_version(const struct kri_layout *layout)
{
        return layout->version != NULL ? layout->version : "0";
}

/* -- the same? -- */

static bool is_same_field(const struct kr_field *a, const struct kr_field *b)
{
        return strcmp(a->name, b->name) == 0 && a->offset == b->offset &&
               a->size == b->size && a->type == b->type;
}

static bool are_same_fields(const struct kr_field *a, const struct kr_field *b)
{
        for (; a->name != NULL && b->name != NULL; a++, b++)
                if (!is_same_field(a, b))
                        return false;
        return a->name == b->name; /* both at their ends */
}

/* Two structs of one size that nobody has declared may be different ones: only the module
 * can say that they are not. */
bool kri_layout_is_same(const struct kri_layout *a, const struct kri_layout *b)
{
        if (a->size != b->size ||
            strcmp(kri_layout_version(a), kri_layout_version(b)) != 0)
                return false;
        if (a->size == 0)
                return true;
        if (a->fields != NULL && b->fields != NULL)
                return are_same_fields(a->fields, b->fields);
        return a->fields == NULL && b->fields == NULL && a->version != NULL &&
               b->version != NULL;
}

/* -- from one to the other -- */

/* The change among those of `of` that leads from, or back to, a version; NULL: none does. */
static const kr_change *find_change(const struct kri_layout *of,
                                    const struct kri_layout *other, bool back)
{
        const kr_change *const *change;

        if (of->versioning == NULL)
                return NULL;
        change = of->versioning->changes;
        for (size_t i = 0; i < KR_CHANGES_MAX && change[i] != NULL; i++)
                if (strcmp(change[i]->from, kri_layout_version(other)) == 0 &&
                    change[i]->from_size == other->size &&
                    change[i]->to_size == of->size && (!back || change[i]->has_down()))
                        return change[i];
        return NULL;
}

static void set_defaults(const struct kri_layout *layout, void *state)
{
        const void *defaults = NULL;

        memset(state, 0, layout->size);
        if (layout->versioning != NULL)
                defaults = layout->versioning->defaults();
        if (defaults != NULL)
                memcpy(state, defaults, layout->size);
}

static kr_term atom_term(const char *text)
{
        return kr_atom_term(kri_atom_of(text));
}

/* A field that would be gone; NULL: none would. */
static const struct kr_field *find_lost(const struct kr_field *from,
                                        const struct kr_field *to)
{
        for (; from->name != NULL; from++) {
                const struct kr_field *f = to;

                while (f->name != NULL && strcmp(f->name, from->name) != 0)
                        f++;
                if (f->name == NULL)
                        return from;
        }
        return NULL;
}

static kr_err refuse(kr_term reason, kr_term *ret_reason)
{
        *ret_reason = reason;
        return KR_EFAILED;
}

static kr_err by_fields(const struct kri_layout *from, const void *old,
                        const struct kri_layout *to, void *now,
                        const struct kri_conversion *how, kr_term *ret_reason)
{
        const struct kr_field *field =
                how->may_lose ? NULL : find_lost(from->fields, to->fields);

        if (field != NULL)
                return refuse(kr_build("{lost_field, ~}", kri_atom_of(field->name)),
                              ret_reason);
        set_defaults(to, now);
        if (kr_fields_convert(from->fields, old, to->fields, now, &field) != KR_OK)
                return refuse(kr_build("{bad_field, ~}", kri_atom_of(field->name)),
                              ret_reason);
        return KR_OK;
}

/* What the user's function has returned. */
static kr_err take_result(kr_err err, kr_term *ret_reason)
{
        if (err == KR_OK)
                return KR_OK;
        if (err < KR_OK || strcmp(kr_err_name(err), "unknown") == 0)
                return refuse(kr_build("{bad_return_value, ~}", (int)err), ret_reason);
        return refuse(atom_term(kr_err_name(err)), ret_reason);
}

kr_err kri_layout_convert(const struct kri_layout *from, const void *old,
                          const struct kri_layout *to, void *now,
                          const struct kri_conversion *how, kr_term *ret_reason)
{
        const kr_change *change = find_change(to, from, false);

        if (change != NULL) {
                set_defaults(to, now);
                return take_result(change->up(old, now, how->extra), ret_reason);
        }
        change = find_change(from, to, true);
        if (change != NULL) {
                set_defaults(to, now);
                return take_result(change->down(old, now, how->extra), ret_reason);
        }
        if (kri_layout_is_same(from, to)) {
                memcpy(now, old, to->size);
                return KR_OK;
        }
        if (from->fields != NULL && to->fields != NULL)
                return by_fields(from, old, to, now, how, ret_reason);
        if (!how->in_place || from->size != to->size)
                return refuse(kr_build("{undeclared, ~, ~}", kri_layout_version(from),
                                       kri_layout_version(to)),
                              ret_reason);
        memcpy(now, old, to->size);
        *how->ret_unsure = true;
        return KR_OK;
}

/* -- what is left behind -- */

static kr_term term_at(const struct kr_field *field, const void *state)
{
        kr_term t;

        memcpy(&t, (const char *)state + field->offset, sizeof(t));
        return t;
}

static bool has_term(const struct kri_layout *layout, const void *state, kr_term t)
{
        for (const struct kr_field *f = layout->fields; f != NULL && f->name != NULL; f++)
                if (f->type == KR_FIELD_TERM && term_at(f, state).w == t.w)
                        return true;
        return false;
}

uint32_t kri_layout_left(const struct kri_layout *layout, const void *state,
                         const struct kri_layout *kept_layout, const void *kept,
                         kr_term *ret_left)
{
        uint32_t count = 0;

        if (layout->fields == NULL || kept_layout->fields == NULL)
                return 0;
        for (const struct kr_field *f = layout->fields; f->name != NULL; f++) {
                kr_term t = f->type == KR_FIELD_TERM ? term_at(f, state) : kr_nil();

                if (f->type != KR_FIELD_TERM || has_term(kept_layout, kept, t))
                        continue;
                if (ret_left != NULL)
                        ret_left[count] = t;
                else
                        kr_release(t);
                count++;
        }
        return count;
}

/* -- what is kept -- */

static uint32_t count_terms(const struct kri_layout *layout)
{
        uint32_t count = 0;

        for (const struct kr_field *f = layout->fields; f != NULL && f->name != NULL; f++)
                count += f->type == KR_FIELD_TERM;
        return count;
}

struct kri_saved *kri_saved_new(const void *from, const struct kri_layout *layout,
                                const void *state)
{
        size_t state_bytes = (layout->size + 7) & ~(size_t)7;
        struct kri_saved *saved = kr_alloc(sizeof(*saved) + state_bytes +
                                           count_terms(layout) * sizeof(kr_term));

        if (saved == NULL)
                return NULL;
        *saved = (struct kri_saved){ .from = from, .mark = kr_none() };
        saved->left = (kr_term *)(void *)(saved->state + state_bytes);
        memcpy(saved->state, state, layout->size);
        return saved;
}

void kri_saved_leave(struct kri_saved *saved, const struct kri_layout *layout,
                     const struct kri_layout *now_layout, const void *now)
{
        saved->left_count =
                kri_layout_left(layout, saved->state, now_layout, now, saved->left);
}

void kri_saved_drop(struct kri_saved **place)
{
        struct kri_saved *saved = *place;

        if (saved == NULL)
                return;
        *place = NULL;
        for (uint32_t i = 0; i < saved->left_count; i++)
                kr_release(saved->left[i]);
        kr_release(saved->mark);
        kr_free(saved);
}

/* -- copies -- */

static size_t alignment_of(const struct kr_field *field)
{
        switch (field->type) {
        case KR_FIELD_TEXT:
        case KR_FIELD_BOOL:
                return 1;
        case KR_FIELD_ATOM:
                return 4;
        case KR_FIELD_INT:
        case KR_FIELD_UINT:
        case KR_FIELD_FLOAT:
                return field->size;
        default:
                return 8;
        }
}

static size_t align_up(size_t at, size_t alignment)
{
        return (at + alignment - 1) / alignment * alignment;
}

/* The field that begins where `at` is, padding passed over; NULL: none does. */
static const struct kr_field *field_after(const struct kr_field *fields, size_t at)
{
        for (; fields->name != NULL; fields++)
                if (fields->offset == align_up(at, alignment_of(fields)))
                        return fields;
        return NULL;
}

/* Is every byte but padding a declared field? Then the bytes, and copies of the terms, are all
 * there is to the state. */
static bool is_whole(const struct kri_layout *layout)
{
        const struct kr_field *field;
        size_t at = 0, largest = 1;

        if (layout->fields == NULL)
                return layout->size == 0;
        while ((field = field_after(layout->fields, at)) != NULL) {
                at = field->offset + field->size;
                if (alignment_of(field) > largest)
                        largest = alignment_of(field);
        }
        return align_up(at, largest) == layout->size;
}

/* Before it is asked for one: -1 says that the module has no such function. */
static bool has_copy(const struct kri_layout *layout)
{
        return layout->versioning != NULL && layout->versioning->has_copy();
}

bool kri_layout_can_copy(const struct kri_layout *layout)
{
        return has_copy(layout) || is_whole(layout);
}

/* None is left that is not ours. */
static kr_err copy_terms(const struct kri_layout *layout, void *to)
{
        const struct kr_field *field = layout->fields;
        kr_err err = KR_OK;

        for (; field != NULL && field->name != NULL; field++) {
                kr_term t, copy;

                if (field->type != KR_FIELD_TERM)
                        continue;
                t = term_at(field, to);
                copy = err == KR_OK ? kr_keep(t) : kr_none();
                if (kr_is_none(copy) && !kr_is_none(t))
                        err = KR_ENOMEM;
                memcpy((char *)to + field->offset, &copy, sizeof(copy));
        }
        return err;
}

kr_err kri_layout_copy(const struct kri_layout *layout, void *to, const void *from)
{
        if (has_copy(layout)) {
                memset(to, 0, layout->size);
                return layout->versioning->copy(to, from) ? KR_OK : KR_EFAILED;
        }
        memcpy(to, from, layout->size);
        return copy_terms(layout, to);
}
