/* SPDX-License-Identifier: Apache-2.0 */
/* elf_test.c: what a file says about itself; damaged ones say nothing that is believed. */
#include "code/elf.h"
#include "kit.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if !defined(DT_RELR) /* glibc before 2.36 does not know them */
#define DT_RELRSZ 35
#define DT_RELR 36
#define DT_RELRENT 37
#endif

static uint8_t *bytes;
static size_t size;

static void read_file(const char *name)
{
        char path[512];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", MODULES, name);
        file = fopen(path, "rb");
        kit_not_null(file);
        kit_int_eq(fseek(file, 0, SEEK_END), 0);
        size = (size_t)ftell(file);
        rewind(file);
        bytes = malloc(size);
        kit_not_null(bytes);
        kit_uint_eq(fread(bytes, 1, size, file), size);
        fclose(file);
}

KIT_TEST(test_a_module_says_what_it_is)
{
        struct kri_elf elf;

        read_file("counter_1.so");
        kit_null(kri_elf_read(bytes, size, &elf));
        kit_true(elf.has_descriptor);
        kit_int_eq(elf.abi, 1);
        kit_str_eq(elf.name, "counter");
        kit_false(elf.nodelete);
        kit_null(elf.thread_local_);
        kit_null(elf.unique);
        free(bytes);
}

KIT_TEST(test_writable_data_is_told_by_name)
{
        struct kri_elf elf;

        read_file("trap_4.so");
        kit_null(kri_elf_read(bytes, size, &elf));
        kit_int_eq(elf.static_count, 2);
        kit_str_eq(elf.statics[0].name, "table");
        kit_int_eq(elf.statics[0].size, 100);
        kit_str_eq(elf.statics[1].name, "counted");
        kit_int_eq(elf.static_bytes, 104);
        free(bytes);
}

KIT_TEST(test_a_file_that_is_cut_off_anywhere_is_refused_or_sound)
{
        struct kri_elf elf;
        uint8_t *copy;

        read_file("counter_1.so");
        for (size_t cut = 0; cut < size; cut += cut < 1024 ? 1 : 61) {
                copy = malloc(cut + 1); /* its end is its end, for sanitizers */
                memcpy(copy, bytes, cut);
                (void)kri_elf_read(copy, cut, &elf); /* must not run over it */
                free(copy);
        }
        copy = malloc(size - size / 2);
        memcpy(copy, bytes, size - size / 2);
        kit_not_null(kri_elf_read(copy, size - size / 2, &elf));
        free(copy);
        free(bytes);
}

KIT_TEST(test_damaged_bytes_do_no_harm)
{
        struct kri_elf elf;
        uint8_t *copy;

        read_file("holds_1.so");
        copy = malloc(size);
        for (int round = 0; round < 3000; round++) {
                memcpy(copy, bytes, size);
                for (int i = 0; i < 8; i++) {
                        /* most of what matters is in the headers and the dynamic tables */
                        size_t at = kit_random_below(round % 2 ? size : 1200);

                        copy[at] = (uint8_t)kit_random();
                }
                (void)kri_elf_read(copy, size, &elf);
        }
        free(copy);
        free(bytes);
}

/* Where the entry of that tag is in its dynamic section. */
static size_t entry_of(int64_t tag)
{
        Elf64_Ehdr header;
        Elf64_Phdr p;
        Elf64_Dyn d;

        memcpy(&header, bytes, sizeof(header));
        for (unsigned i = 0; i < header.e_phnum; i++) {
                memcpy(&p, bytes + header.e_phoff + i * sizeof(p), sizeof(p));
                for (size_t at = 0; p.p_type == PT_DYNAMIC && at < p.p_filesz;
                     at += sizeof(d)) {
                        memcpy(&d, bytes + p.p_offset + at, sizeof(d));
                        if (d.d_tag == tag)
                                return p.p_offset + at;
                }
        }
        kit_fail("no such entry: %lld", (long long)tag);
        return 0;
}

/* In the file; the first segment begins with the file. */
static size_t first_relocation(void)
{
        Elf64_Dyn d;

        memcpy(&d, bytes + entry_of(DT_RELA), sizeof(d));
        return d.d_un.d_ptr;
}

static void check_relocation(size_t at, uint64_t offset, uint64_t info, int64_t addend)
{
        Elf64_Rela was, r = { offset, info, addend };
        struct kri_elf elf;

        memcpy(&was, bytes + at, sizeof(was));
        memcpy(bytes + at, &r, sizeof(r));
        kit_str_eq(kri_elf_read(bytes, size, &elf), "its relocations are damaged");
        memcpy(bytes + at, &was, sizeof(was));
        kit_null(kri_elf_read(bytes, size, &elf));
}

/* The loader would write wherever they say. */
KIT_TEST(test_relocations_that_lead_elsewhere_are_damage)
{
        Elf64_Rela r;
        size_t at;

        read_file("counter_1.so");
        at = first_relocation();
        memcpy(&r, bytes + at, sizeof(r));
        check_relocation(at, r.r_offset + ((uint64_t)1 << 40), r.r_info, r.r_addend);
        check_relocation(at, 0, r.r_info, r.r_addend); /* nobody may write there */
        check_relocation(at, r.r_offset, r.r_info, (int64_t)1 << 40);
        check_relocation(at, r.r_offset, r.r_info | 0xffff, r.r_addend);
        check_relocation(at, r.r_offset, r.r_info | (uint64_t)0xffffff << 32, r.r_addend);
        free(bytes);
}

static void check_entry(int64_t tag, int64_t changed_tag, uint64_t changed_bits)
{
        size_t at = entry_of(tag);
        struct kri_elf elf;
        Elf64_Dyn was, d;

        memcpy(&was, bytes + at, sizeof(was));
        d = was;
        d.d_tag = changed_tag;
        d.d_un.d_val ^= changed_bits;
        memcpy(bytes + at, &d, sizeof(d));
        if (kri_elf_read(bytes, size, &elf) == NULL)
                kit_fail("tag %lld as %lld, value changed by %llx", (long long)tag,
                         (long long)changed_tag, (unsigned long long)changed_bits);
        memcpy(bytes + at, &was, sizeof(was));
        kit_null(kri_elf_read(bytes, size, &elf));
}

/* The loader calls what they lead to, and ends the program for some of them. */
KIT_TEST(test_a_damaged_dynamic_section_is_damage)
{
        static const int64_t tags[] = { DT_RELA,        DT_RELASZ,     DT_RELAENT,
                                        DT_SYMENT,      DT_SYMTAB,     DT_STRTAB,
                                        DT_INIT_ARRAY,  DT_FINI_ARRAY, DT_INIT_ARRAYSZ,
                                        DT_FINI_ARRAYSZ };

        read_file("counter_1.so");
        for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
                check_entry(tags[i], tags[i] | (int64_t)1 << 40, 0); /* it is not there */
                check_entry(tags[i], tags[i], (uint64_t)1 << 40);
                check_entry(tags[i], tags[i], 1);
                check_entry(tags[i], DT_NULL, 0); /* the end, and more after it */
        }
        check_entry(DT_RELACOUNT, DT_RELACOUNT, 1 << 20);
        check_entry(DT_GNU_HASH, DT_GNU_HASH, (uint64_t)1 << 40);
        free(bytes);
}

static void set_entry(size_t at, int64_t tag, uint64_t value)
{
        Elf64_Dyn d = { .d_tag = tag, .d_un.d_val = value };

        memcpy(bytes + at, &d, sizeof(d));
}

/* As the table of packed relocations serves an ordinary one: its first word says where. Its second,
 * a type, would have words written at the very beginning, where nobody may. */
KIT_TEST(test_packed_relocations_that_lead_elsewhere_are_damage)
{
        size_t table, size_of_table, size_of_word;
        struct kri_elf elf;
        uint64_t at;
        Elf64_Dyn d;

        read_file("counter_1.so");
        memcpy(&d, bytes + entry_of(DT_RELACOUNT), sizeof(d));
        at = first_relocation() + (d.d_un.d_val - 1) * sizeof(Elf64_Rela);
        table = entry_of(DT_INIT);
        size_of_table = entry_of(DT_FINI);
        size_of_word = entry_of(DT_RELACOUNT);
        set_entry(table, DT_RELR, at);
        set_entry(size_of_table, DT_RELRSZ, 8);
        set_entry(size_of_word, DT_RELRENT, 8);
        kit_null(kri_elf_read(bytes, size, &elf));
        set_entry(table, DT_RELR, at + offsetof(Elf64_Rela, r_info));
        kit_str_eq(kri_elf_read(bytes, size, &elf), "its relocations are damaged");
        set_entry(table, DT_RELR, at);
        set_entry(size_of_table, DT_RELRSZ, 7);
        kit_str_eq(kri_elf_read(bytes, size, &elf), "its relocations are damaged");
        set_entry(size_of_table, DT_RELRSZ, 8);
        set_entry(table, DT_RELR, at + ((uint64_t)1 << 40));
        kit_str_eq(kri_elf_read(bytes, size, &elf), "its relocations are damaged");
        free(bytes);
}

KIT_TEST(test_other_files_are_none)
{
        static const uint8_t script[] = "#!/bin/sh\nexit 0\n";
        struct kri_elf elf;

        kit_str_eq(kri_elf_read(script, sizeof(script), &elf), "it is no ELF file");
        kit_str_eq(kri_elf_read(script, 0, &elf), "it is no ELF file");
        read_file("counter_1.so");
        bytes[18] ^= 0x55; /* e_machine */
        kit_str_eq(kri_elf_read(bytes, size, &elf), "it is for another machine");
        free(bytes);
}

KIT_MAIN(KIT_CASE(test_a_module_says_what_it_is),
         KIT_CASE(test_writable_data_is_told_by_name),
         KIT_CASE(test_a_file_that_is_cut_off_anywhere_is_refused_or_sound),
         KIT_CASE(test_damaged_bytes_do_no_harm),
         KIT_CASE(test_relocations_that_lead_elsewhere_are_damage),
         KIT_CASE(test_a_damaged_dynamic_section_is_damage),
         KIT_CASE(test_packed_relocations_that_lead_elsewhere_are_damage),
         KIT_CASE(test_other_files_are_none))
