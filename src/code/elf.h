/* SPDX-License-Identifier: Apache-2.0 */
/* elf.h: what a shared object says about itself, read before any of it is run.
 *
 * Model    The bytes of the file as they are on the disk. Nothing in them is believed: every
 *          offset and count is held against the size, every name against the end of its
 *          table, and the work is bounded by the size of the file.
 * Threads  any; nothing is kept.
 */
#ifndef KR_CODE_ELF_H
#define KR_CODE_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KRI_ELF_BUILD_ID_MAX 32u
#define KRI_ELF_STATICS_MAX 64u

/* Writable data of the module. */
struct kri_elf_static {
        const char *name; /* "": all that is writable, of a file without symbols */
        uint64_t size;
};

struct kri_elf {
        bool has_descriptor;       /* it defines krarup_module, as data */
        uint32_t abi;              /* krarup_module_abi; 0: none */
        const char *name;          /* krarup_module_name; NULL: none */
        bool nodelete;             /* DF_1_NODELETE */
        bool needs_krarup;         /* it brings libkrarup.so with it */
        const char *thread_local_; /* the name of such a variable, or ""; NULL: none */
        const char *unique;        /* the name of a GNU-unique symbol; NULL: none */
        const char *soname;        /* NULL: none */
        uint8_t build_id[KRI_ELF_BUILD_ID_MAX];
        uint32_t build_id_len; /* 0: there is none */
        uint64_t static_bytes; /* of .data and .bss */
        uint32_t static_count;
        struct kri_elf_static statics[KRI_ELF_STATICS_MAX]; /* the largest first */
};

/* NULL: it is a shared object for this machine, and *ret says what is in it (borrowing from the
 * bytes). Otherwise why it is none, for people. */
const char *kri_elf_read(const uint8_t *bytes, size_t size, struct kri_elf *ret);

#endif
