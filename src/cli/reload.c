/* SPDX-License-Identifier: Apache-2.0 */
#include "reload.h"

#include "compile.h"
#include "host.h"
#include "report.h"
#include "say.h"

#include <krarup/upgrade.h>

#include <stdio.h>
#include <string.h>

/* What each file was when it was last brought in. */
static uint64_t stamps[KRI_MODULES_MAX];

static uint64_t stamp_of(const struct kri_project *p, size_t i, char *file, size_t size)
{
        kri_project_module_file(p, p->modules[i], file, size);
        return kri_file_stamp(file);
}

void kri_reload_begin(const struct kri_project *p)
{
        char file[KRI_PATH_MAX];

        for (size_t i = 0; i < p->module_count; i++)
                stamps[i] = stamp_of(p, i, file, sizeof(file));
}

static void upgrade(const char *module, const char *file)
{
        kr_upgrade_report report = { .outcome = KR_UPGRADE_REFUSED };
        kr_err err;

        if (!kri_host_enter())
                return;
        err = kr_upgrade(module, file, NULL, &report);
        kri_host_leave();
        if (err == KR_OK || err == KR_EFAILED)
                kri_report_show(&report);
        else
                kri_complain("%s stays as it is: %s", module, kr_strerror(err));
}

static bool build(const struct kri_project *p)
{
        kr_buf said = KR_BUF_INIT;
        bool built = kri_compile_project(p->folder, &said);

        if (!built) {
                (void)fwrite(said.data != NULL ? said.data : "", 1, said.len, stderr);
                kri_complain("it does not build; what runs goes on");
        }
        kr_buf_free(&said);
        return built;
}

void kri_reload(const struct kri_project *p, const char *changed)
{
        char file[KRI_PATH_MAX];
        bool any = false;

        kri_say("%s saved: building\n", changed);
        if (!build(p))
                return;
        for (size_t i = 0; i < p->module_count; i++) {
                uint64_t stamp = stamp_of(p, i, file, sizeof(file));

                if (stamp == stamps[i] || stamp == 0)
                        continue;
                any = true;
                stamps[i] = stamp;
                upgrade(p->modules[i], file);
        }
        if (!any)
                kri_say("no module has changed\n");
}
