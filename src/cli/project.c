/* SPDX-License-Identifier: Apache-2.0 */
#include "project.h"

#include "compile.h"
#include "plat_pid.h"
#include "plat_socket.h"
#include "say.h"

#include <krarup/pattern.h>
#include <krarup/text.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- projects -- */

static void look_for_app(void *arg, const char *file)
{
        struct kri_project *p = arg;
        size_t len = strlen(file);

        if (p->name[0] != 0 || len <= 4 || len - 4 >= sizeof(p->name) ||
            strcmp(file + len - 4, ".app") != 0)
                return;
        memcpy(p->name, file, len - 4);
        p->name[len - 4] = 0;
}

/* The names in {modules, [...]}; what is wrong with the file is told when it is loaded. */
static void read_modules(struct kri_project *p)
{
        kr_term specs, keys, list;
        kr_atom name;

        if (kr_consult_file(p->app_file, NULL, &specs, NULL) != KR_OK)
                return;
        if (!kr_match(specs, "[{application, _, ~}]", &keys))
                keys = kr_nil();
        for (; kr_is_cons(keys); keys = kr_tl(keys)) {
                if (!kr_match(kr_hd(keys), "{modules, ~}", &list))
                        continue;
                for (; kr_is_cons(list) && p->module_count < KRI_MODULES_MAX;
                     list = kr_tl(list)) {
                        if (kr_get_atom(kr_hd(list), &name))
                                (void)snprintf(p->modules[p->module_count++],
                                               sizeof(p->modules[0]), "%s",
                                               kr_atom_text(name, NULL));
                }
        }
        kr_release(specs);
}

static bool is_project(struct kri_project *p)
{
        char file[300];

        p->name[0] = 0;
        if (!kri_folder_each(p->folder, look_for_app, p) || p->name[0] == 0)
                return false;
        (void)snprintf(file, sizeof(file), "%s.app", p->name);
        return kri_path_join(p->app_file, sizeof(p->app_file), p->folder, file) &&
               kri_path_join(p->modules_folder, sizeof(p->modules_folder), p->folder,
                             KRI_BUILD_FOLDER);
}

bool kri_project_find(const char *folder, struct kri_project *ret)
{
        char *slash;

        memset(ret, 0, sizeof(*ret));
        if (!kri_path_real(folder != NULL ? folder : ".", ret->folder,
                           sizeof(ret->folder)))
                return false;
        while (!is_project(ret)) {
                slash = strrchr(ret->folder, '/');
                if (folder != NULL || slash == NULL || slash == ret->folder)
                        return false;
                *slash = 0;
        }
        read_modules(ret);
        return true;
}

bool kri_project_need(const char *folder, struct kri_project *ret)
{
        if (kri_project_find(folder, ret))
                return true;
        if (folder != NULL && !kri_folder_is(folder))
                kri_complain("there is no folder %s", folder);
        else
                kri_complain("there is no NAME.app %s%s; `krarup new NAME` makes a "
                             "project",
                             folder != NULL ? "in " : "here or in a folder above",
                             folder != NULL ? folder : "");
        return false;
}

bool kri_project_build(const struct kri_project *p)
{
        kr_buf said = KR_BUF_INIT;
        bool built;

        kri_busy_begin("building");
        built = kri_compile_project(p->folder, &said);
        kri_busy_end();
        if (!built) {
                (void)fwrite(said.data != NULL ? said.data : "", 1, said.len, stderr);
                kri_complain("%s does not build", p->name);
        }
        kr_buf_free(&said);
        return built;
}

void kri_project_module_file(const struct kri_project *p, const char *module, char *buf,
                             size_t size)
{
        (void)snprintf(buf, size, "%s/%s.so", p->modules_folder, module);
}

/* -- nodes -- */

bool kri_place_of(const char *name, struct kri_place *ret)
{
        char folder[KRI_PATH_MAX];

        if (strchr(name, '/') != NULL || name[0] == '.' || name[0] == 0 ||
            strlen(name) >= 64) {
                kri_complain("'%s' is no name of a node", name);
                return false;
        }
        if (!kri_folder_run(folder, sizeof(folder))) {
                kri_complain("no folder for sockets and pid files: %s: %s", folder,
                             errno == EPERM ? "it has to be yours alone (chmod 700), or "
                                              "KRARUP_RUN_DIR names another"
                             : errno == EINVAL ? "it has to be a path from the root"
                                               : strerror(errno));
                return false;
        }
        (void)snprintf(ret->name, sizeof(ret->name), "%s", name);
        (void)snprintf(ret->socket, sizeof(ret->socket), "%.4000s/%.64s.sock", folder,
                       name);
        (void)snprintf(ret->pid_file, sizeof(ret->pid_file), "%.4000s/%.64s.pid", folder,
                       name);
        return true;
}

int kri_place_try(const char *name, struct kri_place *ret_place)
{
        struct kri_project project;
        struct kri_place own;

        if (ret_place == NULL)
                ret_place = &own;
        if (name == NULL && kri_project_find(NULL, &project))
                name = project.name;
        if (name == NULL || !kri_place_of(name, ret_place))
                return -1;
        return kri_socket_connect(ret_place->socket);
}

int kri_place_connect(const char *name, struct kri_place *ret_place)
{
        struct kri_project project;
        struct kri_place place;
        int fd;

        if (ret_place == NULL)
                ret_place = &place;
        if (name == NULL && !kri_project_find(NULL, &project)) {
                kri_complain("which node? There is no project here; say its name "
                             "(`krarup status` shows those that run)");
                return -1;
        }
        if (name == NULL)
                name = project.name;
        if (!kri_place_of(name, ret_place))
                return -1;
        fd = kri_socket_connect(ret_place->socket);
        if (fd < 0 && kri_pid_holder(ret_place->pid_file) != 0)
                kri_complain("%s runs but does not let us in: %s", name, strerror(errno));
        else if (fd < 0)
                kri_complain("%s does not run; `krarup start` or `krarup run` starts it",
                             name);
        return fd;
}
