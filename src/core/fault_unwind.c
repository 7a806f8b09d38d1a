/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_unwind.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

/* What we read is memory of the tables and of stacks, whatever a sanitizer thinks of it. */
#define UNCHECKED __attribute__((no_sanitize("address", "thread", "undefined")))

#define STATES_MAX 8u /* DW_CFA_remember_state nests no deeper in practice */
#define EXPRESSION_MAX 8u

bool kri_object_find(uintptr_t pc, struct kri_object *ret_object)
{
        struct dl_find_object found;

        if (_dl_find_object((void *)pc, &found) != 0)
                return false;
        ret_object->low = (uintptr_t)found.dlfo_map_start;
        ret_object->high = (uintptr_t)found.dlfo_map_end;
        ret_object->index = found.dlfo_eh_frame;
        ret_object->path = found.dlfo_link_map->l_name;
        ret_object->bias = found.dlfo_link_map->l_addr;
        return true;
}

/* -- reading DWARF -- */

/* Bytes of a table; the end is where the record says that it ends. */
struct reader {
        const uint8_t *at, *end;
};

UNCHECKED static uint64_t read_bytes(struct reader *r, unsigned count)
{
        uint64_t value = 0;

        if ((size_t)(r->end - r->at) < count) {
                r->at = r->end;
                return 0;
        }
        for (unsigned i = 0; i < count; i++)
                value |= (uint64_t)r->at[i] << 8 * i;
        r->at += count;
        return value;
}

UNCHECKED static uint64_t read_uleb(struct reader *r)
{
        uint64_t value = 0;

        for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
                uint8_t byte = *r->at++;

                value |= (uint64_t)(byte & 0x7f) << shift;
                if ((byte & 0x80) == 0)
                        break;
        }
        return value;
}

UNCHECKED static int64_t read_sleb(struct reader *r)
{
        uint64_t value = 0;
        unsigned shift = 0;
        uint8_t byte = 0;

        while (r->at < r->end && shift < 64) {
                byte = *r->at++;
                value |= (uint64_t)(byte & 0x7f) << shift;
                shift += 7;
                if ((byte & 0x80) == 0)
                        break;
        }
        if (shift < 64 && (byte & 0x40) != 0)
                value |= ~(uint64_t)0 << shift;
        return (int64_t)value;
}

/* A pointer in one of the encodings that occur (DW_EH_PE_*): its form is in the low four
 * bits, 0x10 says that it counts from where it stands. */
UNCHECKED static bool read_encoded(struct reader *r, uint8_t encoding, uint64_t *ret)
{
        uint64_t from = (uint64_t)(uintptr_t)r->at, value;

        switch (encoding & 0x0f) {
        case 0x00:
        case 0x04:
        case 0x0c:
                value = read_bytes(r, 8);
                break;
        case 0x03:
                value = read_bytes(r, 4);
                break;
        case 0x0b:
                value = (uint64_t)(int32_t)read_bytes(r, 4);
                break;
        default:
                return false;
        }
        if ((encoding & 0x70) != 0x00 && (encoding & 0x70) != 0x10)
                return false;
        *ret = (encoding & 0x70) == 0x10 ? value + from : value;
        return true;
}

/* -- finding the entry of a function -- */

struct entry { /* an FDE with what its CIE says */
        uintptr_t start, end;
        struct reader common, own; /* instructions */
        uint64_t code_align;
        int64_t data_align;
        bool signal; /* its frame was made by the kernel */
};

struct row { /* of .eh_frame_hdr's sorted table; both count from its beginning */
        int32_t start, entry;
};

UNCHECKED static const struct row *find_row(const uint8_t *index, uintptr_t pc)
{
        struct reader r = { index + 4, index + 12 };
        const struct row *rows = (const struct row *)(index + 12);
        uint64_t ignored, count;
        int64_t want = (int64_t)(pc - (uintptr_t)index);
        uint64_t low = 0, high;

        /* version, then the encodings: of the pointer, of the count, and of the table */
        if (index[0] != 1 || index[1] != 0x1b || index[2] != 0x03 || index[3] != 0x3b)
                return NULL;
        if (!read_encoded(&r, index[1], &ignored))
                return NULL;
        count = read_bytes(&r, 4);
        high = count;
        while (low < high) {
                uint64_t middle = (low + high) / 2;

                if (rows[middle].start <= want)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low == 0 ? NULL : &rows[low - 1];
}

/* The record at `at`: its bytes after the length. 64-bit records do not occur. */
UNCHECKED static bool open_record(const uint8_t *at, struct reader *ret)
{
        struct reader r = { at, at + 4 };
        uint64_t length = read_bytes(&r, 4);

        if (length == 0 || length >= 0xfffffff0u)
                return false;
        *ret = (struct reader){ at + 4, at + 4 + length };
        return true;
}

UNCHECKED static bool read_common(const uint8_t *at, struct entry *entry,
                                  uint8_t *ret_encoding, bool *ret_augmented)
{
        struct reader r;
        const char *augmentation;

        *ret_encoding = 0;
        if (!open_record(at, &r) || read_bytes(&r, 4) != 0)
                return false;
        r.at++; /* version: 1 or 3, alike but for the width of a field we take as either */
        augmentation = (const char *)r.at;
        while (r.at < r.end && *r.at != 0)
                r.at++;
        r.at++;
        entry->code_align = read_uleb(&r);
        entry->data_align = read_sleb(&r);
        if (read_uleb(&r) != KRI_REG_RETURN)
                return false;
        *ret_augmented = augmentation[0] == 'z';
        entry->signal = false;
        if (*ret_augmented) {
                uint64_t ignored, length = read_uleb(&r);
                const uint8_t *after = r.at + length;

                for (const char *c = augmentation + 1; *c != 0; c++) {
                        if (*c == 'R')
                                *ret_encoding = (uint8_t)read_bytes(&r, 1);
                        else if (*c == 'P' &&
                                 !read_encoded(&r, (uint8_t)read_bytes(&r, 1) & 0x7f,
                                               &ignored))
                                return false;
                        else if (*c == 'L')
                                r.at++;
                        else if (*c == 'S')
                                entry->signal = true;
                }
                r.at = after;
        }
        entry->common = r;
        return true;
}

UNCHECKED static bool find_entry(const struct kri_object *object, uintptr_t pc,
                                 struct entry *ret)
{
        const struct row *row;
        struct reader r;
        uint64_t back, start, size, length;
        uint8_t encoding;
        bool augmented;

        if (object->index == NULL || (row = find_row(object->index, pc)) == NULL)
                return false;
        if (!open_record(object->index + row->entry, &r))
                return false;
        back = read_bytes(&r, 4);
        if (!read_common(r.at - 4 - back, ret, &encoding, &augmented) ||
            !read_encoded(&r, encoding, &start) ||
            !read_encoded(&r, encoding & 0x0f, &size))
                return false;
        if (augmented) {
                length = read_uleb(&r);
                r.at += length;
        }
        ret->start = (uintptr_t)start;
        ret->end = (uintptr_t)(start + size);
        ret->own = r;
        return pc >= ret->start && pc < ret->end;
}

bool kri_function_find(const struct kri_object *object, uintptr_t pc,
                       uintptr_t *ret_start, uintptr_t *ret_end)
{
        struct entry entry;

        if (!find_entry(object, pc, &entry))
                return false;
        *ret_start = entry.start;
        *ret_end = entry.end;
        return true;
}

/* -- the rules in force at one address -- */

enum how { SAME, AT_OFFSET, IN_REGISTER, LOST };

struct rules {
        struct {
                uint8_t how; /* enum how */
                int32_t value;
        } of[KRI_REG_COUNT];
        uint32_t cfa_reg;
        int64_t cfa_offset;
        struct reader cfa_expression; /* instead of the two above, if at != NULL */
};

struct machine {
        struct rules now, first; /* first: as the CIE leaves them, for DW_CFA_restore */
        struct rules saved[STATES_MAX];
        unsigned depth;
        const struct entry *entry;
};

static void set_rule(struct rules *rules, uint64_t reg, enum how how, int64_t value)
{
        if (reg >= KRI_REG_COUNT)
                return; /* vector registers: nobody above needs them */
        rules->of[reg].how = (uint8_t)how;
        rules->of[reg].value = (int32_t)value;
}

static void restore_rule(struct machine *m, uint64_t reg)
{
        if (reg < KRI_REG_COUNT)
                m->now.of[reg] = m->first.of[reg];
}

UNCHECKED static void skip_block(struct reader *r)
{
        uint64_t length = read_uleb(r);

        r->at = length <= (uint64_t)(r->end - r->at) ? r->at + length : r->end;
}

static void define_cfa(struct rules *rules, uint64_t reg, int64_t offset)
{
        rules->cfa_reg = (uint32_t)reg;
        rules->cfa_offset = offset;
        rules->cfa_expression.at = NULL;
}

/* The instructions that concern the canonical frame address; false: none of these. */
UNCHECKED static bool run_cfa(struct machine *m, struct reader *r, uint8_t op)
{
        struct rules *now = &m->now;
        uint64_t reg;

        switch (op) {
        case 0x0c: /* def_cfa */
                reg = read_uleb(r);
                define_cfa(now, reg, (int64_t)read_uleb(r));
                return true;
        case 0x12: /* def_cfa_sf */
                reg = read_uleb(r);
                define_cfa(now, reg, read_sleb(r) * m->entry->data_align);
                return true;
        case 0x0d: /* def_cfa_register */
                define_cfa(now, read_uleb(r), now->cfa_offset);
                return true;
        case 0x0e: /* def_cfa_offset */
                now->cfa_offset = (int64_t)read_uleb(r);
                return true;
        case 0x13: /* def_cfa_offset_sf */
                now->cfa_offset = read_sleb(r) * m->entry->data_align;
                return true;
        case 0x0f: /* def_cfa_expression */
                now->cfa_expression.at = r->at;
                skip_block(r);
                now->cfa_expression.end = r->at;
                return true;
        default:
                return false;
        }
}

/* The instructions that concern one register or the state; false: not known to us. */
UNCHECKED static bool run_rule(struct machine *m, struct reader *r, uint8_t op)
{
        int64_t align = m->entry->data_align;
        uint64_t reg;

        switch (op) {
        case 0x00: /* nop */
        case 0x2d: /* aarch64: the return address changes between plain and signed */
                return true;
        case 0x05: /* offset_extended */
                reg = read_uleb(r);
                set_rule(&m->now, reg, AT_OFFSET, (int64_t)read_uleb(r) * align);
                return true;
        case 0x11: /* offset_extended_sf */
                reg = read_uleb(r);
                set_rule(&m->now, reg, AT_OFFSET, read_sleb(r) * align);
                return true;
        case 0x06: /* restore_extended */
                restore_rule(m, read_uleb(r));
                return true;
        case 0x07: /* undefined */
                set_rule(&m->now, read_uleb(r), LOST, 0);
                return true;
        case 0x08: /* same_value */
                set_rule(&m->now, read_uleb(r), SAME, 0);
                return true;
        case 0x09: /* register */
                reg = read_uleb(r);
                set_rule(&m->now, reg, IN_REGISTER, (int64_t)read_uleb(r));
                return true;
        case 0x10: /* expression */
        case 0x16: /* val_expression */
                set_rule(&m->now, read_uleb(r), LOST, 0);
                skip_block(r);
                return true;
        case 0x0a: /* remember_state */
                if (m->depth == STATES_MAX)
                        return false;
                m->saved[m->depth++] = m->now;
                return true;
        case 0x0b: /* restore_state */
                if (m->depth == 0)
                        return false;
                m->now = m->saved[--m->depth];
                return true;
        case 0x2e: /* GNU_args_size */
                (void)read_uleb(r);
                return true;
        default:
                return false;
        }
}

/* Run instructions for as long as they speak of addresses up to `pc`. */
UNCHECKED static bool run(struct machine *m, struct reader r, uintptr_t pc)
{
        uintptr_t at = m->entry->start;

        while (r.at < r.end) {
                uint8_t op = *r.at++, low = op & 0x3f;
                uint64_t step = 0;

                if (op >> 6 == 1)
                        step = low;
                else if (op >> 6 == 2)
                        set_rule(&m->now, low, AT_OFFSET,
                                 (int64_t)read_uleb(&r) * m->entry->data_align);
                else if (op >> 6 == 3)
                        restore_rule(m, low);
                else if (op >= 0x02 && op <= 0x04) /* advance_loc1, 2, 4 */
                        step = read_bytes(&r, 1u << (op - 2));
                else if (!run_cfa(m, &r, op) && !run_rule(m, &r, op))
                        return false;
                at += step * m->entry->code_align;
                if (at > pc)
                        break;
        }
        return true;
}

/* -- one step -- */

UNCHECKED static bool load(const struct kri_frame *frame, uintptr_t place, uintptr_t *ret)
{
        if (place < frame->low || place > frame->high - sizeof(uintptr_t) ||
            place % 8 != 0)
                return false;
        *ret = *(const uintptr_t *)place;
        return true;
}

static bool is_known(const struct kri_frame *frame, uint64_t reg)
{
        return reg < KRI_REG_COUNT && (frame->known >> reg & 1) != 0;
}

/* The few operations that frames aligned anew (gcc's DRAP) use. */
UNCHECKED static bool evaluate(const struct kri_frame *frame, struct reader r,
                               uintptr_t *ret)
{
        uintptr_t stack[EXPRESSION_MAX];
        unsigned depth = 0;

        (void)read_uleb(&r); /* the length, known already */
        while (r.at < r.end) {
                uint8_t op = *r.at++;

                if (op >= 0x70 && op <= 0x8f && depth < EXPRESSION_MAX) { /* breg */
                        if (!is_known(frame, op - 0x70u))
                                return false;
                        stack[depth++] =
                                frame->regs[op - 0x70] + (uintptr_t)read_sleb(&r);
                } else if (op == 0x06 && depth > 0) { /* deref */
                        if (!load(frame, stack[depth - 1], &stack[depth - 1]))
                                return false;
                } else if (op == 0x23 && depth > 0) { /* plus_uconst */
                        stack[depth - 1] += (uintptr_t)read_uleb(&r);
                } else {
                        return false;
                }
        }
        if (depth != 1)
                return false;
        *ret = stack[0];
        return true;
}

static bool find_cfa(const struct kri_frame *frame, const struct rules *rules,
                     uintptr_t *ret)
{
        if (rules->cfa_expression.at != NULL)
                return evaluate(frame, rules->cfa_expression, ret);
        if (!is_known(frame, rules->cfa_reg))
                return false;
        *ret = frame->regs[rules->cfa_reg] + (uintptr_t)rules->cfa_offset;
        return true;
}

static bool apply(struct kri_frame *frame, const struct rules *rules, bool signal)
{
        struct kri_frame up = *frame;
        uintptr_t cfa;

        if (!find_cfa(frame, rules, &cfa))
                return false;
        up.slot = rules->of[KRI_REG_RETURN].how == AT_OFFSET
                          ? (uintptr_t *)(cfa +
                                          (uintptr_t)(intptr_t)rules->of[KRI_REG_RETURN]
                                                  .value)
                          : NULL;
        for (unsigned i = 0; i < KRI_REG_COUNT; i++) {
                int32_t value = rules->of[i].value;
                bool known = is_known(frame, i);

                if (rules->of[i].how == AT_OFFSET)
                        known = load(frame, cfa + (uintptr_t)(intptr_t)value,
                                     &up.regs[i]);
                else if (rules->of[i].how == IN_REGISTER)
                        known = is_known(frame, (uint64_t)value) &&
                                (up.regs[i] = frame->regs[value], true);
                else if (rules->of[i].how == LOST)
                        known = false;
                up.known = known ? up.known | 1u << i : up.known & ~(1u << i);
        }
        up.regs[KRI_REG_SP] = cfa;
        up.known |= 1u << KRI_REG_SP;
        if (!is_known(&up, KRI_REG_RETURN) || signal)
                return false;
        up.pc = kri_plain_address(up.regs[KRI_REG_RETURN]);
        up.is_call = true;
        /* upward; only the innermost frame of a leaf may have used no stack (aarch64) */
        if (cfa < frame->regs[KRI_REG_SP] ||
            (cfa == frame->regs[KRI_REG_SP] && frame->is_call))
                return false;
        *frame = up;
        return true;
}

static bool up_by_table(struct kri_frame *frame)
{
        struct machine m;
        struct entry entry;
        struct kri_object object;

        if (!kri_object_find(kri_frame_at(frame), &object) ||
            !find_entry(&object, kri_frame_at(frame), &entry))
                return false;
        memset(&m.now, 0, sizeof(m.now));
        m.depth = 0;
        m.entry = &entry;
        m.now.cfa_reg = KRI_REG_COUNT;
        if (!run(&m, entry.common, UINTPTR_MAX))
                return false;
        m.first = m.now;
        return run(&m, entry.own, kri_frame_at(frame)) &&
               apply(frame, &m.now, entry.signal);
}

static bool up_by_pointer(struct kri_frame *frame)
{
        uintptr_t at = frame->regs[KRI_REG_FRAME], outer, pc;

        if (!is_known(frame, KRI_REG_FRAME) || at < frame->regs[KRI_REG_SP] ||
            !load(frame, at, &outer) || !load(frame, at + 8, &pc))
                return false;
        frame->known = 1u << KRI_REG_FRAME | 1u << KRI_REG_SP;
        frame->regs[KRI_REG_FRAME] = outer;
        frame->regs[KRI_REG_SP] = at + 16;
        frame->pc = kri_plain_address(pc);
        frame->slot = (uintptr_t *)(at + 8);
        frame->is_call = true;
        return true;
}

/* A call that led nowhere: the address it was to come back to is all there is. */
static bool up_from_nowhere(struct kri_frame *frame)
{
#if defined(__x86_64__)
        uintptr_t sp = frame->regs[KRI_REG_SP];

        if (!load(frame, sp, &frame->pc))
                return false;
        frame->regs[KRI_REG_SP] = sp + 8;
        frame->slot = (uintptr_t *)sp;
#else
        frame->pc = kri_plain_address(frame->regs[KRI_REG_RETURN]);
        frame->known &= ~(1u << KRI_REG_RETURN);
        frame->slot = NULL;
#endif
        frame->is_call = true;
        return true;
}

bool kri_frame_up(struct kri_frame *frame)
{
        struct kri_object object;

        if (!frame->is_call && !kri_object_find(frame->pc, &object))
                return up_from_nowhere(frame) && frame->pc != 0;
        if (up_by_table(frame) || up_by_pointer(frame))
                return frame->pc != 0;
        return false;
}
