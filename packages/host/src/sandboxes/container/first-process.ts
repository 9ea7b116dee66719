/** Where the environment of the program stands, as text for a shell. */
export const ENVIRONMENT_INSIDE = '/run/cadre/environment';

/** Its exit code when the system has ended something in the container for want of memory. */
export const RAN_OUT_OF_MEMORY = 199;

/**
 * The first process of a container, a shell. It is what stays when the system ends a program for want of memory, so it can look at the
 * container's own control group while that is there: the engines tell it badly, or not at all. It waits for whatever
 * was orphaned, which a first process has to. The environment comes in a file, since arguments and the settings of a container can be
 * read by others, and so that values may have several lines. The program has the same standard streams.
 */
export const FIRST_PROCESS = `. ${ENVIRONMENT_INSIDE} || exit 125
"$@"
code=$?
for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
  [ -r "$file" ] || continue
  while read -r name count; do
    if [ "$name" = oom_kill ] && [ "$count" != 0 ]; then exit ${RAN_OUT_OF_MEMORY}; fi
  done <"$file"
done
exit "$code"`;
