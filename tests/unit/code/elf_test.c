/* SPDX-License-Identifier: Apache-2.0 */
/* elf_test.c: what a file says about itself; damaged ones say nothing that is believed. */
#include "code/elf.h"
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>

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
         KIT_CASE(test_damaged_bytes_do_no_harm), KIT_CASE(test_other_files_are_none))
