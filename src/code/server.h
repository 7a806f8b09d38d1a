/* SPDX-License-Identifier: Apache-2.0 */
/* server.h: the code server's behaviour. Requests, with their answers:
 *
 *      {load, File}  {load_file, Module}  {load_binary, Module, File, Bytes}
 *      {ensure_loaded, Module}                  {ok, {module, Module}} | {error, {Reason, Text}}
 *      {delete, Module}                         true | false
 *      {purge, Module}  {soft_purge, Module}    {Done, Holders, Count}
 *      {check_process, Pid, Module}             Where
 * and of an upgrade (upgrade.c):
 *      {prepare, Module, File}   load, but do not publish: {ok, Address of the version} | {error, _}
 *      {publish, Module}  {discard, Module}     what was prepared: {ok, 0} | {error, _}
 *      {swap, Module}                           current and old: {ok, 0} | {error, _}
 */
#ifndef KR_CODE_SERVER_H
#define KR_CODE_SERVER_H

#include <krarup/gen.h>

extern const kr_behaviour kri_code_server;

#endif
