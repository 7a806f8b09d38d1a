/* SPDX-License-Identifier: Apache-2.0 */
#include "compile.h"

#include "plat_file.h"
#include "plat_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where this command's pkg-config file may be, seen from its own folder: installed; in the tree
 * it was built in. */
static const char *const places[] = { "../" KRI_LIBDIR "/pkgconfig",
                                      "../../meson-uninstalled", NULL };

void kri_compile_prepare(void)
{
        static const char *const files[] = { "krarup.pc", "krarup-uninstalled.pc" };
        char self[KRI_PATH_MAX], folder[KRI_PATH_MAX], file[KRI_PATH_MAX], *slash;

        if (!kri_run_self(self, sizeof(self)) || (slash = strrchr(self, '/')) == NULL)
                return;
        *slash = 0;
        for (int i = 0; places[i] != NULL; i++) {
                if (kri_path_join(folder, sizeof(folder), self, places[i]) &&
                    kri_path_join(file, sizeof(file), folder, files[i]) &&
                    kri_file_is(file)) {
                        kri_run_prepend_env("PKG_CONFIG_PATH", folder);
                        return;
                }
        }
}

static bool run(const char *const *argv, const char *folder, kr_buf *said)
{
        int status = kri_run(argv, &(struct kri_run_opts){ .directory = folder,
                                                           .output = said });
        char why[200];

        if (status < 0) {
                (void)snprintf(why, sizeof(why), "%s: %s\n", argv[0], strerror(errno));
                (void)!kr_buf_append(said, why, strlen(why));
        }
        return status == 0;
}

bool kri_compile_project(const char *folder, kr_buf *said)
{
        const char *const argv[] = { "make", "--no-print-directory", NULL };

        return run(argv, folder, said);
}

/* MODULE.c alone: the compiler is a command line's, as its flags are. */
static bool compile_file(const char *module, kr_buf *said)
{
        const char *cc = getenv("CC");
        char command[KRI_PATH_MAX];
        const char *const argv[] = { "sh", "-c", command, NULL };

        (void)snprintf(command, sizeof(command),
                       "%s -std=gnu11 -g -O2 -Wall -Wextra -fPIC -shared "
                       "$(pkg-config --cflags krarup) -o '%s.so' '%s.c' "
                       "$(pkg-config --libs krarup)",
                       cc != NULL ? cc : "cc", module, module);
        return run(argv, NULL, said);
}

/* It goes into a command line. */
static bool is_plain(const char *module)
{
        return module[0] != 0 &&
               strspn(module, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789_") == strlen(module);
}

bool kri_compile(const char *module, kr_buf *said)
{
        char file[KRI_PATH_MAX];

        if (kri_file_is("Makefile"))
                return kri_compile_project(NULL, said);
        (void)snprintf(file, sizeof(file), "%s.c", module);
        if (is_plain(module) && kri_file_is(file))
                return compile_file(module, said);
        (void)snprintf(file, sizeof(file), "%s.c: no such file\n", module);
        (void)!kr_buf_append(said, file, strlen(file));
        return false;
}
