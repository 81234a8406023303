#!/usr/bin/env python3
"""Random linker scripts for random objects, linked by GNU ld and by gild, and compared.

    script-random.py [-n CASES] [-s SEED] [-1] [-r] [-v] [-d] [-k FOLDER] LD GILD

-1 shows one case in full; with -r, the smallest part of it that shows the same difference; -a shows all that differ. Else -r
shows one reduced case of each class of differences. -k keeps those in a folder. -d links with -pie or -shared only. The last
line of the report counts cases, the lines before it those that differ on purpose, for each reason by itself; the exit status
is 1 if a difference is none of these.
"""
import argparse
import collections
import os
import random
import shutil
import sys
import tempfile

from random_links import KIND_OPTIONS, Bench, random_case
from random_objects import make_pool
from random_scripts import smaller

POOL = 60
POOL_SEED = 4711


def make_pools(folder):
    """Objects for both targets, and position-independent ones."""
    pools = {}
    for bits in (64, 32):
        for independent in (False, True):
            to = os.path.join(folder, f'{bits}{"pic" if independent else ""}')
            os.mkdir(to)
            pools[bits, independent] = make_pool(random.Random(POOL_SEED), to, POOL, bits, independent)
    return pools


def reduce(bench, case, kind):
    """The smallest case that still has a difference of this kind."""
    def shows(candidate):
        return any(each.kind == kind for each in bench.judge(candidate)[1])

    again = True
    while again:
        again = False
        for part in ('objects', 'options'):
            for i in reversed(range(len(getattr(case, part)))):
                candidate = case.copy()
                if part == 'options' and case.options[i][0] in KIND_OPTIONS:
                    continue
                del getattr(candidate, part)[i]
                if candidate.objects and shows(candidate):
                    case, again = candidate, True
        for part in ('root', 'piece'):
            for tree in smaller(getattr(case, part)) if getattr(case, part) else []:
                candidate = case.copy()
                setattr(candidate, part, tree)
                if (part == 'root' or tree.body[0].body) and shows(candidate):  # GNU ld loses statements else
                    case, again = candidate, True
                    break
        if case.piece:
            candidate = case.copy()
            candidate.piece = None
            if shows(candidate):
                case, again = candidate, True
    return case


def show(bench, case, kind, keep, name):
    found = bench.judge(case)[1]
    print(case.text())
    print(' '.join(case.command('script.ld')))
    for each in found:
        print(f'  {"*" if each.kind == kind else " "} {each.kind}')
        for line in each.lines:
            print('     ', line[:300])
    for who, message in zip(('GNU ld', 'gild'), bench.messages):
        if message:
            print(f'  {who} says: {message}')
    if keep:
        to = os.path.join(keep, name)
        shutil.rmtree(to, ignore_errors=True)
        os.makedirs(to)
        for each in case.objects:
            shutil.copy(each.path, to)
            shutil.copy(each.path[:-1] + 's', to)
        case.write(os.path.join(to, 'script.ld'))
        for path in bench.outputs:
            if os.path.exists(path):
                shutil.copy(path, to)
        with open(os.path.join(to, 'command'), 'w') as file:
            file.write(' '.join(os.path.basename(word) if word.startswith(bench.folder) else word
                                for word in case.command(bench.script)) + '\n')
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('-n', type=int, default=500)
    parser.add_argument('-s', type=int, default=1)
    parser.add_argument('-k')
    parser.add_argument('-1', dest='single', action='store_true')
    parser.add_argument('-r', dest='reduce', action='store_true')
    parser.add_argument('-v', dest='verbose', action='store_true')
    parser.add_argument('-d', dest='dynamic', action='store_true')
    parser.add_argument('-a', dest='all', action='store_true')
    parser.add_argument('ld')
    parser.add_argument('gild')
    arguments = parser.parse_args()
    verdicts, kinds, purposes, first = collections.Counter(), collections.Counter(), collections.Counter(), {}
    with tempfile.TemporaryDirectory() as folder:
        pools = make_pools(folder)
        bench = Bench(folder, [arguments.ld], [arguments.gild, '--threads=1'])
        for seed in range(arguments.s, arguments.s + (1 if arguments.single else arguments.n)):
            case = random_case(seed, pools, arguments.dynamic)
            verdict, found, reasons = bench.judge(case)
            verdicts[verdict] += 1
            purposes.update(reasons)
            for each in found:
                kinds[each.kind] += 1
                first.setdefault(each.kind, (seed, case))
            if arguments.verbose and found:
                print(f'seed {seed}: {verdict}: ' + '; '.join(each.kind for each in found))
            if arguments.single or (arguments.all and found):
                print(f'==== seed {seed}')
                kind = found[0].kind if found else ''
                show(bench, reduce(bench, case, kind) if arguments.reduce and found else case, kind, arguments.k, str(seed))
        if not arguments.single:
            for kind, n in kinds.most_common():
                print(f'{n:6} {kind} (seed {first[kind][0]})')
                if arguments.reduce:
                    show(bench, reduce(bench, first[kind][1], kind), kind, arguments.k, str(first[kind][0]))
    for purpose, n in purposes.most_common():
        print(f'{n:6} on purpose: {purpose}')
    print(', '.join(f'{verdicts[what]} {what}' for what in ('same', 'refused', 'deliberate', 'differs', 'crash')))
    sys.exit(1 if verdicts['differs'] or verdicts['crash'] else 0)


main()
