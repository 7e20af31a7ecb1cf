"""Put one fault after another into the analysis, and see which test notices.

    python benchmarks/analysis/mutants.py                 # all; exit 1 if one survives
    python benchmarks/analysis/mutants.py guards finally  # those whose names hold one of these words
    python benchmarks/analysis/mutants.py --jobs 4
    python benchmarks/analysis/mutants.py --part 2/5      # the second fifth of them

Works on a copy of the tree in a temporary folder; needs pytest. Each mutant names the text that is replaced, so that a change which
moves a line elsewhere has to say so here, and the tests that must notice it: ``file::test``, files of ``tests/analysis`` without
``test_`` and ``.py``.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ANALYSIS = Path("src") / "workerlog_migrate" / "analysis"

BODY = "operations::test_a_body_raises_what_its_calls_and_operations_raise"
GUARD = "guards::test_a_guard_takes_away_what_it_rules_out"
INNER = "effects::test_inner_handlers_are_subtracted"
LOCAL = "effects::test_functions_of_the_script_raise_what_their_bodies_raise"
WIDE = "conditions::test_conditions_are_no_wider_than_what_can_happen"
NONE = "operations::test_what_is_none_at_the_start_only_counts_in_the_body_itself"
AWAIT = "effects::test_what_was_started_elsewhere_raises_where_it_is_awaited"
SPECIAL = "operations::test_special_methods_of_a_class_of_the_program_raise_where_they_are_used"
OPAQUE = "opaque::test_an_operation_on_something_unknown_never_completes_a_handler"
BARE = "opaque::test_a_method_known_by_its_name_alone_never_completes_a_handler"
TOLD = "opaque::test_two_uses_that_fit_one_builtin_type_tell_it"
UNBOUND = "opaque::test_a_local_name_that_a_way_leaves_unbound_says_so"
NAME = "opaque::test_a_name_that_nothing_binds_is_a_name_error"
UNSET = "opaque::test_an_attribute_that_only_another_method_sets_may_be_missing"
SIGNAL = "opaque::test_what_a_signal_handler_raises_arrives_everywhere"
SWALLOW = "flow::test_a_context_manager_that_may_swallow_lets_what_follows_be_reached"
DECORATOR = "opaque::test_a_decorator_runs_where_the_definition_is_reached"
GOES_ON = "rows_go_on::test_a_row_says_all_that_its_function_raises"
THREADS = "what_else_comes::test_a_container_that_another_thread_changes"
BEYOND = "what_else_comes::test_what_a_value_can_be_beyond_its_type"
BLOAT = "bloat::test_a_name_is_listed_only_where_it_can_be_raised"
OWN = "bloat::test_an_own_method_hands_on_whether_it_waits"
INSIDE = "flow::test_what_held_before_holds_no_more_in_a_handler"
FLOW = "flow::test_what_held_before_holds_no_more"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One line changed.

    Attributes:
        name: the fault, in a few words.
        file: the module of the analysis, without ``.py``.
        old: its text, found exactly once.
        new: what stands in its place.
        tests: the tests that notice.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str


MUTANTS = (
    # --- what survived before there were these
    Mutant("handler: state of the body's start", "flow", "        at_handler = frame.left_of(before)", "        at_handler = before", FLOW),
    Mutant("a with of suppress may swallow", "entering", ' or entry.kind is values.SUPPRESS:', ':', "flow::test_a_function_of_another_file_falls_off_a_with_that_ends_an_exception"),
    Mutant("with of something unknown may swallow", "entering", '            if values.is_opaque(entry) or entry.kind is values.SUPPRESS:\n                return True\n', '            if entry.kind is values.SUPPRESS:\n                return True\n', SWALLOW),
    Mutant("finally: what it stores", "flow", "        left = frame.left_of(self._guards.joined(ends)._replace(at=at))\n", "        left = self._guards.joined(ends)\n", FLOW),
    # --- questions
    Mutant("alternatives in the order of the set", "values", "    return sorted(value, key=operator.attrgetter(\"name\") if are_told else _order(value))\n", "    return list(value)\n", "order_of_questions::test_the_order_of_a_set_decides_nothing"),
    # --- what objects meet, what functions carry, what is read by a name
    Mutant("right of an operator", "meetings", "self._meet(_LEFT if node is left else _RIGHT, parent, step, right", "self._meet(_LEFT, parent, step, right", "meetings::test_a_special_method_is_given_what_its_objects_meet"),
    Mutant("its own class is followed through self", "meetings", "                if not trail.lost:\n                    self._join(trail, self._companion()", "                if trail.lost:\n                    self._join(trail, self._companion()", "meetings::test_what_the_object_meets_in_its_own_methods_counts"),
    Mutant("objects of heirs are followed", "meetings", "        for each in (owner, *heirs):\n", "        for each in (owner,):\n", "meetings::test_a_special_method_is_given_what_its_objects_meet"),
    Mutant("one operator is not another", "meetings", "isinstance(node.op, sign)\n", "isinstance(node.op, ast.operator)\n", "meetings::test_an_operator_gives_to_the_method_of_that_operator_alone"),
    Mutant("what is stored is out of sight", "meetings", "        if row is None or name.partition(\".\")[0] in _STORING:\n", "        if row is None:\n", "meetings::test_an_object_out_of_sight_may_meet_anything"),
    Mutant("a function's attributes", "tagged", "                if self._is_meant(place.value, function, unit):\n", "                if not self._is_meant(place.value, function, unit):\n", "attributes_by_name::test_what_a_function_carries_is_read_inside_another_one"),
    Mutant("a function's table may change", "tagged", "and not self._is_copied(function)\n", "and (not self._is_copied(function) or True)\n", "attributes_by_name::test_what_a_function_carries_may_get_out_of_sight"),
    Mutant("getattr without a default fails", "by_name", "        if frame.sink.is_heard and not self._has(receiver, name):\n", "        if not frame.sink.is_heard:\n", "attributes_by_name::test_a_name_that_is_missing_fails_unless_there_is_a_default"),
    Mutant("each name that getattr may be given", "by_name", "arguments, node, frame) for name in texts)\n", "arguments, node, frame) for name in list(texts)[:1])\n", "attributes_by_name::test_each_name_that_a_text_may_be_is_read"),
    # --- other names of an object
    Mutant("a store under another name", "other_names", "            if at == own or _may_be_one(objects, _held(at, frame)):\n", "            if at == own:\n", "other_names::test_a_store_under_another_name_ends_what_was_known"),
    Mutant("objects of two classes are two", "other_names", "    return not {_owner_of(entry) for entry in some}.isdisjoint(map(_owner_of, others))\n", "    return True\n", "other_names::test_a_store_under_another_name_ends_what_was_known"),
    Mutant("setattr sets", "other_names", "            _forget(holder, _text(named), frame, value_of)\n            return\n", "            return\n", "other_names::test_at_the_top_of_a_file_it_is_the_same"),
    Mutant("a star import binds", "flow", '.names[0].name == "*" and frame.env', '.names[0].name == "**" and frame.env', "other_names::test_a_star_import_ends_what_was_known_of_names"),
    Mutant("a factory fills a field", "writes", "        yield values.contradicting(declared, self._made_by_factory(owner, name))\n", "", "other_names::test_a_field_of_a_data_class_is_what_its_factory_makes"),
    Mutant("an item under another name", "shared_items", "            asked[path] = bool(held) and _may_be_one(held, path, frame)\n", "            asked[path] = False\n", "shared_items::test_an_item_set_under_another_name_is_no_longer_known"),
    Mutant("a name that nothing takes along", "shared_items", "    return all(_only_looks(place, parents) for place in places if _is_in(name, place, scope, unit))\n", "    return True\n", "shared_items::test_an_item_set_under_another_name_is_no_longer_known"),
    Mutant("a length under another name", "shared_items", "    if is_shorter:\n", "    if not is_shorter:\n", "shared_items::test_a_length_ends_where_another_name_shortens_it"),
    # --- what runs in one process with a script
    Mutant("what is set up beside the script", "places", "for each in (*users, *self._imported, *others)", "for each in (*users, *self._imported)", "program_around::test_a_signal_handler_that_a_file_beside_the_script_sets_arrives"),
    Mutant("tests bring together what runs apart", "../project/program", "        pending = [each for each in above if not self._is_test(each)]\n", "        pending = list(above)\n", "program_around::test_a_signal_handler_that_a_file_beside_the_script_sets_arrives"),
    Mutant("a program that was not looked at whole", "raises", "        if not self._world.knows_all_around:\n", "        if self._world.knows_all_around and False:\n", "program_around::test_where_not_all_were_looked_at_nothing_is_complete"),
    Mutant("an attribute of what is imported", "../project/program", "    stored = {name for name, operator in _STORE.findall(raw) if operator}\n", "    stored: set[bytes] = set()\n", "program_around::test_what_is_replaced_three_imports_down_runs"),
    Mutant("all of a small program", "../project/users", "every if len(every) <= _FEW else self._passed_on(path)", "self._passed_on(path) if len(every) > _FEW else ()", "program_around::test_what_a_file_far_away_calls_and_inherits_counts"),
    Mutant("an alarm of another file", "signals", "unit not in near and _is_of_alarm(call)", "False", "program_around::test_an_alarm_of_a_file_that_cannot_reach_the_script_is_over_before_it_runs"),
    # --- what runs between
    Mutant("a loop's function changes its table", "meanwhile", "            function.node in writers.get(each, ())\n            for function in called\n", "            function.node not in writers.get(each, ()) and not writers\n            for function in called\n", "what_runs_between::test_a_function_that_a_loop_calls_changes_what_the_loop_goes_through"),
    Mutant("a table kept by an object", "same_container", "        elif isinstance(parent, ast.Call) and place in parent.args:\n            for made in _classes", "        elif isinstance(parent, ast.Call) and place not in parent.args:\n            for made in _classes", "what_runs_between::test_a_function_that_a_loop_calls_changes_what_the_loop_goes_through"),
    Mutant("a table handed on twice", "same_container", "                found[each] = None\n", "                continue\n", "what_runs_between::test_a_function_that_a_loop_calls_changes_what_the_loop_goes_through"),
    Mutant("an earlier round took it out", "guards", "                if not is_shortened(inner, target, unit):\n", "                if True or is_shortened(inner, target, unit):\n", "what_runs_between::test_an_earlier_round_took_out_what_a_loop_over_a_copy_comes_to"),
    Mutant("an earlier round made it shorter", "guards", "measured is not None and not is_shortened(measured, None, unit, loop=target)", "measured is not None", "what_runs_between::test_an_earlier_round_took_out_what_a_loop_over_a_copy_comes_to"),
    Mutant("the class stands in between", "assignment", "if path is not None and self._hooks.keeps(receiver, target.attr):", "if path is not None:", "what_runs_between::test_what_is_set_is_not_what_is_there_where_the_class_stands_in_between"),
    Mutant("a property that counts", "attributes", "                    is_new = is_new or _counts_on(method)\n", "                    is_new = False\n", "what_runs_between::test_a_property_that_counts_may_give_something_else_the_second_time"),
    Mutant("a property runs again", "expressions", "                if not self._attributes.is_made_anew(receiver, node.attr, node, frame):\n", "                if not self._attributes.is_made_anew(receiver, node.attr, node, frame.quiet()):\n", "what_runs_between::test_a_property_that_counts_may_give_something_else_the_second_time"),
    Mutant("items of an own mapping", "subscripts", "                if not self._special_methods.is_asked_for_items(held):\n", "                if held:\n", "what_runs_between::test_the_items_of_an_own_mapping_are_what_its_methods_give"),
    Mutant("a callback runs in the call", "changes", "        called += self._handed_in((*node.args, *(word.value for word in node.keywords)), frame.unit)\n", "", "what_runs_between::test_a_function_that_a_call_is_given_may_run_in_it"),
    Mutant("each function that is chosen by type", "decorators", "            found |= values.join(map(values.function, self._registered(info)))\n", "            found |= values.BOTTOM\n", "what_runs_between::test_a_function_that_chooses_by_type_gives_what_each_of_its_functions_gives"),
    Mutant("a signal handler that is an object", "signals", "                if isinstance(method, FunctionInfo):\n                    yield method\n", "                if not isinstance(method, FunctionInfo):\n                    yield method\n", "what_runs_between::test_every_kind_of_signal_handler_runs"),
    Mutant("signal.signal by another name", "signals", "    return found\n\n\ndef _is_of_alarm", "    return {_WORD}\n\n\ndef _is_of_alarm", "what_runs_between::test_every_kind_of_signal_handler_runs"),
    Mutant("a module is loaded again elsewhere", "changes", "        if _ALL in changers:\n            yield changers[_ALL]\n", "", "what_runs_between::test_a_module_that_is_loaded_again_is_what_it_was_at_first"),
    Mutant("all modules, by a text", "places", "            words = (name, *_BY_NAME)\n", "            words = (name,)\n", "what_runs_between::test_a_name_may_be_set_by_way_of_all_modules"),
    Mutant("a field that says nothing", "writes", "            yield value if says_nothing else values.contradicting(declared, value)\n", "            yield values.contradicting(declared, value)\n", "what_runs_between::test_a_field_that_says_nothing_holds_the_data_that_fills_it"),
    Mutant("another task runs", "awaiting", "        self._changes.after_wait(frame)\n", "", "what_runs_between::test_another_task_runs_while_one_waits"),
    Mutant("a task is what was started", "changes", "        tasks = [each for each in self._tasks_in(frame.unit) if each is not frame.function]\n", "        tasks = [each for each in self._started_in(frame.unit) if each is not frame.function]\n", "what_runs_between::test_another_task_runs_while_one_waits"),
    Mutant("between two steps of a generator", "changes", "            if is_changed or any(self._is_set_elsewhere(part[1:], frame) for part in _parts(path)[1:]):\n", "            if is_changed:\n", "what_runs_between::test_who_goes_through_a_generator_runs_between_its_steps"),
    Mutant("two names bound at once", "shared_items", "len(parent.targets) == 1", "parent.targets", "what_runs_between::test_two_names_that_were_bound_at_once_are_one_list"),
    Mutant("an index that a function moves", "changes", "        for path in {*env, *(root for fact in frame.facts for root in fact.roots)}:\n            if self._is_taken_along", "        for path in {*env, *(fact.path for fact in frame.facts)}:\n            if self._is_taken_along", "what_runs_between::test_an_index_ends_where_a_function_moves_it"),
    Mutant("super leads beside", "attributes", "            methods = dict.fromkeys((method, *self._beside(owner, name)))\n", "            methods = {method: None}\n", "what_runs_between::test_super_may_lead_to_a_class_beside"),
    Mutant("rows that another file makes", "hooks", "        made = values.join(self._flat.returns(each) for other in units for each in self._makers_of(other))\n", "        made = values.join(self._flat.returns(each) for other in list(units)[:1] for each in self._makers_of(other))\n", "what_runs_between::test_rows_of_a_database_are_what_another_file_makes_of_them"),
    Mutant("what was handed over runs", "changes", "        if any(map(self._kept.calls_what_is_held, reached)):", "        if not reached:", "what_runs_between::test_a_function_that_was_handed_over_before_runs_where_what_is_held_is_called"),
    Mutant("a container emptied by another name", "changes", "            emptying = self._emptying(path, frame.unit)\n", "            emptying = set()\n", "what_runs_between::test_a_function_empties_a_container_that_it_has_by_another_name"),
    Mutant("async for waits", "flow", "        if isinstance(node, ast.AsyncFor):\n            self._changes.after_wait(frame)\n", "", "what_runs_between::test_another_task_runs_where_a_with_or_a_loop_waits"),
    Mutant("async with waits", "flow", "            if isinstance(node, ast.AsyncWith):\n                self._changes.after_wait(frame)\n", "", "what_runs_between::test_another_task_runs_where_a_with_or_a_loop_waits"),
    Mutant("a constructor changes another object", "changes", "        and holder.id == parameters[0].arg\n", "        and bool(holder.id)\n", "what_runs_between::test_what_runs_where_nobody_reads_a_call_changes_what_was_tested"),
    Mutant("what runs is noted", "frames", "            self.ran.append(effect.function)\n", "            pass\n", "what_runs_between::test_what_runs_where_nobody_reads_a_call_changes_what_was_tested"),
    Mutant("what ran in an expression", "expressions", "        if frame.sink.ran:\n            self._changes.after_running(frame)\n", "        if frame.sink.ran:\n            pass\n", "what_runs_between::test_what_an_expression_runs_is_over_before_its_value_is_assigned"),
    Mutant("what ran in a statement", "flow", "            if frame.sink.ran:\n                self._changes.after_running(frame)\n", "            if frame.sink.ran:\n                pass\n", "what_runs_between::test_what_a_round_of_a_loop_ends_the_next_one_does_not_have"),
    Mutant("a round of a loop ends it", "flow", "    is_settled = left.shape == before.shape\n", "    is_settled = True\n", "what_runs_between::test_what_a_round_of_a_loop_ends_the_next_one_does_not_have"),
    Mutant("a step of a comprehension ends it", "expressions", "        if frame.left_of(held).shape != held.shape:", "        if frame.left_of(held).shape == ():", "what_runs_between::test_what_a_round_of_a_loop_ends_the_next_one_does_not_have"),
    Mutant("a state that is put back", "frames", "        if not ended:\n            return state\n", "        if ended is not None:\n            return state\n", "what_runs_between::test_a_state_that_is_put_back_is_without_what_ended_meanwhile"),
    Mutant("a later part of a test", "guards", "            frame.end_again(entry)\n            self.assume(entry, outcome, frame)\n", "            self.assume(entry, outcome, frame)\n", "what_runs_between::test_a_state_that_is_put_back_is_without_what_ended_meanwhile"),
    Mutant("a key that a round takes out", "frames", "        self.ended.extend(self.facts - facts)\n", "", "what_runs_between::test_a_key_that_a_round_takes_out_is_not_there_afterwards"),
    Mutant("a function hands others on", "changes", "                        *self._passed_by(function),\n", "", "what_runs_between::test_a_method_that_a_function_hands_on_runs_where_the_function_is_called"),
    Mutant("set by a text", "changes", "            yield _ATTRIBUTES, call.args[0]\n", "            yield from ()\n", "what_runs_between::test_an_attribute_that_a_function_sets_by_a_text_is_what_it_set"),
    Mutant("made once more", "changes", "        and not _is_made_again(function)\n", "", "what_runs_between::test_an_attribute_that_a_function_sets_by_a_text_is_what_it_set"),
    Mutant("a name of many classes", "changes", "            if name in own and len(own[name]) > OWNERS:", "            if name in own and len(own[name]) > 10 * OWNERS:", "what_runs_between::test_a_call_changes_what_it_reaches_however_many_functions_there_are"),
    Mutant("too many functions to go through", "changes", "                    self._cut.add(function)\n", "", "what_runs_between::test_a_call_changes_what_it_reaches_however_many_functions_there_are"),
    Mutant("an heir of another file", "changes", "                        *self._callees_of_heirs(function),\n", "", "program_around::test_what_an_heir_of_another_file_changes_is_no_longer_known"),
    Mutant("a function around calls what it was given", "kept_functions", "        found = None if scope is None else module.lookup(name, scope)\n        if found is not None and any(binding.kind not in _DEFINED for binding in found[1]):\n", "        found = None if scope is None else scope.bindings.get(name)\n        if found is not None and any(binding.kind not in _DEFINED for binding in found):\n", "what_runs_between::test_what_runs_where_nobody_reads_a_call_changes_what_was_tested"),
    Mutant("a global that is bound under a test", "expressions", "        elif not any(\n            node.id in self._always_stored(function)", "        elif all(\n            bool(function)", "what_runs_between::test_a_name_that_a_function_binds_only_under_a_test_may_be_unbound"),
    # --- flow
    Mutant("what is rare beside something that raises", "suspects", "    return tuple(found) if len(found) == len(frame.sink.effects) else ()\n", "    return tuple(found)\n", "effects::test_what_is_rare_counts_where_nothing_else_is_raised"),
    Mutant("try: what the body raises goes on", "flow", "        for effect in remaining:\n            outer.add(effect)\n", "", INNER),
    Mutant("try: a bare raise sends on", "flow", "            if frame.caught:\n                for effect in frame.caught[-1]:\n                    sink.add(effect)\n", "            if frame.caught:\n                pass\n", INNER),
    Mutant("suppress: takes what it names", "flow", "            self._raising.pass_on(inner.effects, caught_names, sink)\n", "            self._raising.pass_on(inner.effects, frozenset(), sink)\n", INNER),
    Mutant("suppress: lets the rest through", "flow", "            self._raising.pass_on(inner.effects, caught_names, sink)\n", "            del caught_names\n", INNER),
    Mutant("loop: binds perhaps nothing", "flow", "    frame.env, frame.facts = left.env, left.facts\n    frame.is_dead = False\n", "    frame.facts = left.facts\n    frame.is_dead = False\n", UNBOUND),
    Mutant("return ends the way", "flow", "        self._returned[-1].append(value)\n        frame.is_dead = True\n", "        self._returned[-1].append(value)\n", GUARD),
    Mutant("raise ends the way", "flow", "            self._raising.raise_value(node, node.exc, value, frame, sink)\n        frame.is_dead = True\n", "            self._raising.raise_value(node, node.exc, value, frame, sink)\n", FLOW),
    Mutant("raise names its class", "raising", '                sink.add(Raise(name, node, frame.unit, "op:raise", row.source, "an explicit raise"))\n', "                pass\n", BODY),
    Mutant("assert raises", "flow", '        self._effects.operation("op:assert", node, frame, is_weak', '        self._effects.operation("op:raise", node, frame, is_weak', BODY),
    Mutant("assert proves", "flow", "        self._guards.assume(node.test, True, frame)\n\n    def _definition", "\n    def _definition", FLOW),
    Mutant("import fails", "flow", "        if frame.sink.is_heard and not self._presence.is_there(node, frame.unit):\n", "        if not frame.sink.is_heard:\n", BODY),
    Mutant("assignment binds", "assignment", "            frame.bind(target.id)\n", "            pass\n", UNBOUND),
    Mutant("import binds", "flow", "            frame.bind(name)\n        if isinstance(node, ast.ImportFrom)", "        if isinstance(node, ast.ImportFrom)", UNBOUND),
    Mutant("definition binds", "flow", "        frame.bind(node.name)\n\n    def _decorated", "\n    def _decorated", UNBOUND),
    Mutant("decorator runs", "flow", "            self._calls.invoke_unknown(value, decorator, frame)\n", "            pass\n", DECORATOR),
    Mutant("class below something unknown", "flow", '            self._effects.unresolved_if_opaque(value, "op:subclass-unknown", base, base, frame)\n', "            del value\n", OPAQUE),
    Mutant("function that works on something unknown", "rows", '                    self._effects.unresolved_if_opaque(\n                        arguments.value(passed), "op:argument-unknown", node, passed, frame\n                    )\n', "                    pass\n", OPAQUE),
    Mutant("del ends what is known", "assignment", "                    frame.forget(path)\n            else:\n", "                    pass\n            else:\n", FLOW),
    Mutant("handler: facts of what the body stores", "frames", "        facts = {fact for fact in state.facts.difference(ended) if fact.roots.isdisjoint(paths)}\n", "        facts = set(state.facts)\n", INSIDE),
    Mutant("try: else belongs outside", "flow", "        frame.sink = outer\n        ends: list[State] = []\n", "        if not frame.is_dead:\n            self.run(node.orelse, frame)\n        frame.sink = outer\n        frame.is_dead = frame.is_dead or bool(node.orelse)\n        ends: list[State] = []\n", INNER),
    Mutant("if: both branches join", "flow", "                if not frame.is_dead and frame.env is not None:\n                    ends.append(State(frame.env, frame.facts))\n            frame.is_dead = truth is True\n", "            frame.is_dead = truth is True\n", FLOW),
    Mutant("while: break keeps what is known there", "flow", "        if isinstance(node, ast.Break) and frame.loops and frame.env is not None:\n", "        if isinstance(node, ast.Continue) and frame.loops and frame.env is not None:\n", UNBOUND),
    Mutant("alias of a handler ends", "flow", "                frame.unbind(handler.name)  # Python", "                pass  # Python", UNBOUND),
    Mutant("class binds", "flow", "        self._hooks.defined(node, frame)\n        frame.bind(node.name)\n", "        self._hooks.defined(node, frame)\n", UNBOUND),
    Mutant("del unbinds", "assignment", "                    expressions.value(target, frame)\n                    frame.unbind(target.id)\n", "                    expressions.value(target, frame)\n", UNBOUND),
    Mutant("finally binds", "flow", "        frame.env.update(bound)\n", "        pass\n", UNBOUND),
    Mutant("pattern binds", "flow", "                    frame.bind(part.name)\n", "                    pass\n", UNBOUND),
    Mutant("item set on something unknown", "assignment", '                    self._effects.unresolved("op:subscript-store", target, target.value, frame)\n                case "dict"', '                    continue\n                case "dict"', OPAQUE),
    Mutant("attribute set on something unknown", "assignment", '            self._effects.unresolved_if_opaque(receiver, "op:attribute-store", target, target.value, frame)\n            path', "            path", OPAQUE),
    Mutant("item deleted of something unknown", "assignment", '                            self._effects.unresolved("op:subscript-unknown", target, target.value, frame)\n', "                            continue\n", OPAQUE),
    # --- guards
    Mutant("guard: not", "guards", "                self.assume(operand, not outcome, frame)\n", "                self.assume(operand, outcome, frame)\n", GUARD),
    Mutant("guard: truth proves no None", "guards", "        self._narrow(path, values.without_none(self._current(node, frame)), frame)\n        roots", "        roots", GUARD),
    Mutant("guard: is not None", "guards", "            self._narrow(path, values.without_none(value), frame)\n\n    def _contained", "            pass\n\n    def _contained", GUARD),
    Mutant("guard: in proves a key", "guards", "            self._add_key(right, left, frame)\n            self._contained", "            self._contained", GUARD),
    Mutant("guard: longer than", "guards", "        return int(number) + 1\n", "        return int(number) + 2\n", GUARD),
    Mutant("guard: at least", "guards", "    if operator in (ast.GtE, ast.Eq):\n        return int(number)\n", "    if operator in (ast.GtE, ast.Eq):\n        return int(number) - 1\n", GUARD),
    Mutant("guard: index against length", "proofs", "        wanted = index + 1 if index >= 0 else -index\n", "        wanted = index if index >= 0 else -index\n", GUARD),
    Mutant("guard: greater than zero", "guards", "        return number >= 0\n", "        return number > 0\n", GUARD),
    Mutant("guard: not in proves none", "guards", "        if operator is ast.NotIn:\n            return\n", "        if operator is ast.NotIn:\n            self._add_key(right, left, frame)\n            return\n", GUARD),
    Mutant("guard: less than zero", "guards", "        return number <= 0\n", "        return number <= 1\n", GUARD),
    Mutant("guard: a key of this container", "proofs", '    return any(fact.kind == "key" and fact.path == path and fact.extra == key for fact in frame.facts)\n', '    return any(fact.kind == "key" and fact.extra == key for fact in frame.facts)\n', GUARD),
    Mutant("guard: this key", "proofs", '    return any(fact.kind == "key" and fact.path == path and fact.extra == key for fact in frame.facts)\n', '    return any(fact.kind == "key" and fact.path == path for fact in frame.facts)\n', GUARD),
    Mutant("guard: get proves a key", "guards", '        if function.attr == "get" and test.args:\n            self._add_key(function.value, test.args[0], frame)\n', "        if False:\n            pass\n", GUARD),
    Mutant("guard: joined needs both", "guards", "                if found is None:\n                    break\n", "                if found is None:\n                    continue\n", FLOW),
    Mutant("guard: facts need both", "guards", "            facts = facts & other.facts\n", "            facts = facts | other.facts\n", FLOW),
    Mutant("guard: first part of a split", "proofs", " if self._is_split_in_two(node, frame) else (0, -1))\n", " if self._is_split_in_two(node, frame) else (0, 1, -1))\n", BODY),
    Mutant("guard: split at what is in it", "proofs", '        return path is not None and _has_key(path, key, frame)\n', '        return path is not None and any(fact.kind == "key" and fact.path == path for fact in frame.facts)\n', BLOAT),
    Mutant("guard: seven days", "proofs", "_WEEK = 7\n", "_WEEK = 8\n", BLOAT),
    Mutant("guard: a list that is changed", "sources", "        return made.elts if is_kept else None\n", "        return made.elts\n", BLOAT),
    Mutant("guard: as many columns", "columns", "    return counts.pop() if len(counts) == 1 else None\n\n\ndef _makes", "    return counts.pop() if counts else None\n\n\ndef _makes", BLOAT),
    Mutant("argument: in every call", "sources", "        return first if all(same) else None\n", "        return first if any(same) else None\n", OWN),
    Mutant("guard: first word", "proofs", '        if node.func.attr in ("split", "rsplit") and node.args and not is_none(node.args[0]):\n', '        if node.func.attr in ("split", "rsplit"):\n', BODY),
    Mutant("guard: len of what is there", "proofs", '                kinds = ("len",) if node.func.id == "len" else ("nonzero",)', '                kinds = () if node.func.id == "len" else ("nonzero",)', GUARD),
    Mutant("guard: or with a default is not zero", "proofs", "                return self.is_nonzero(entries[-1], frame)\n", "                return False\n", BODY),
    Mutant("guard: max is not zero", "proofs", "                return any(self._is_positive(entry) for entry in args)\n", "                return False\n", BODY),
    Mutant("guard: loop over keys", "guards", "                self._add_key(iterable, target, frame)\n\n    def stored", "                pass\n\n    def stored", GUARD),
    Mutant("guard: range of a length", "guards", "                    self._add_key(measured, target, frame)\n", "                    pass\n", GUARD),
    # --- calls
    Mutant("bare name: never completes", "calls", '            self._effects.unknown_call(node, frame, f"{type_name}.{method}", _BY_NAME)\n', "            pass\n", BARE),
    Mutant("unknown method", "calls", '        self._effects.unknown_call(node, frame, f"{type_name}.{method}")\n        return ANY\n\n    def _resumed', "        return ANY\n\n    def _resumed", "effects::test_what_is_not_known_is_named"),
    Mutant("call of a function", "calls", "            frame.sink.add(CallEdge(function, node, frame.unit, is_weak=weak))\n", "            pass\n", LOCAL),
    Mutant("constructor", "calls", "                frame.sink.add(CallEdge(method, node, frame.unit))\n                self._invoke_callbacks(method, arguments, node, frame)\n                resolved = True\n", "                resolved = True\n", LOCAL),
    Mutant("print fails", "printing", '        self._effects.operation("op:print", node, frame)\n', "        pass\n", "opaque::test_printing_fails"),
    Mutant("plug-in", "specials", '            self._effects.unknown_call(\n                node, frame, "importlib.import_module"', '            self._effects.is_taught("importlib.import_module", node, frame) if frame else str("importlib.import_module"', "opaque::test_the_top_level_of_a_plug_in_is_not_known"),
    Mutant("row raises", "rows", "            for exception in () if is_in_loop else row.raises:\n                sink.add(Raise(exception, node, frame.unit, row.name, row.source, row.note))\n", "", BODY),
    Mutant("with of something unknown", "entering", '                    self._effects.unresolved("op:with-unknown", node, node, frame)\n', "                    pass\n", OPAQUE),
    Mutant("builtin of something unknown", "rows", '                continue  # unpacking it counts where it stands\n            self._effects', '                continue  # unpacking it counts where it stands\n            continue\n            self._effects', OPAQUE),
    Mutant("getattr of something unknown", "by_name", '                arguments.value(passed), "op:attribute-unknown", node, passed, frame\n', '                values.BOTTOM, "op:attribute-unknown", node, passed, frame\n', OPAQUE),
    Mutant("int of something unknown", "rows", '            self._effects.operation("op:convert-unknown", node, frame)\n', "            pass\n", "opaque::test_a_conversion_of_something_unknown_may_be_of_another_type"),
    # --- expressions
    Mutant("attribute of something unknown", "attributes", '                if not called:\n                    self._effects.unresolved("op:attribute-unknown", node, _receiver(node), frame)\n                return values.bound(ANY, "*", name)\n            case values.DOTTED:', '                return values.bound(ANY, "*", name)\n            case values.DOTTED:', OPAQUE),
    Mutant("attribute of an imported object", "attributes", "                if not called and self._is_object(entry.dotted, frame):\n", "                if False:\n", OPAQUE),
    Mutant("subscript of something unknown", "subscripts", '        if values.is_opaque(entry):\n            self._effects.unresolved("op:subscript-unknown", node, node.value, frame)\n            return ANY\n', "        if values.is_opaque(entry):\n            return ANY\n", OPAQUE),
    Mutant("operator on something unknown", "operators", '            self._effects.unresolved_if_opaque(value, "op:arithmetic-unknown", node, operand, frame)\n', "            pass\n", OPAQUE),
    Mutant("sign of something unknown", "operators", '            self._effects.unresolved_if_opaque(value, "op:arithmetic-unknown", node, node.operand, frame)\n', "            pass\n", OPAQUE),
    Mutant("order of something unknown", "operators", '                    self._effects.unresolved_if_opaque(value, "op:compare-unknown", node, part, frame)\n', "                    pass\n", OPAQUE),
    Mutant("in something unknown", "operators", '                        self._effects.unresolved("op:contains-unknown", node, right_node, frame)\n', "                        pass\n", OPAQUE),
    Mutant("loop over something unknown", "iteration", '            case _:  # nobody knows how to loop over it\n                self._effects.unresolved("op:iterate-unknown", node, node, frame)\n', "            case _:  # nobody knows how to loop over it\n                pass\n", OPAQUE),
    Mutant("unpacking something unknown", "iteration", '                    self._effects.unresolved("op:unpack-unknown", node, source, frame)\n', "                    pass\n", OPAQUE),
    Mutant("** of something unknown", "iteration", '        self._effects.unresolved_if_opaque(value, "op:mapping-unknown", node, node, frame)\n', "        pass\n", OPAQUE),
    Mutant("name that nothing binds", "expressions", "            if is_sure or (is_of_class", "            if not is_sure or (is_of_class", NAME),
    Mutant("name that may be a star's", "expressions", "            starred = self._flat.starred(node.id, frame.unit)\n", "            starred = None\n", NAME),
    Mutant("local name unbound", "expressions", '            self._effects.operation("op:unbound-local", node, frame)\n', "            pass\n", UNBOUND),
    Mutant("attribute that is not set yet", "attributes", '            self._effects.operation("op:attribute-unset", node, frame, is_weak=True)\n', "            pass\n", UNSET),
    Mutant("property runs", "attributes", "                frame.sink.add(CallEdge(method, node, frame.unit))\n                given = flat.returns(method)\n", "                given = flat.returns(method)\n", LOCAL),
    Mutant("special method runs", "special_methods", "            frame.sink.add(CallEdge(method, node, frame.unit))\n            made = ", "            made = ", SPECIAL),
    Mutant("key that may be missing", "subscripts", '        if not self._proofs.has_key(node, frame):\n            self._effects.operation("op:subscript-key", node, frame)\n        return entry', "        return entry", BODY),
    Mutant("awaited: made elsewhere", "awaiting", '            frame.sink.add(Unknown(node, frame.unit, "", _STARTED_ELSEWHERE))\n', "            pass\n", AWAIT),
    Mutant("division by zero", "operators", '            if not self._proofs.is_nonzero(right_node, frame):\n                self._effects.operation("op:modulo', '            if False:\n                self._effects.operation("op:modulo', BODY),
    Mutant("dead branch of a conditional", "expressions", "        frame.is_dead = frame.is_dead and first_dead\n", "        frame.is_dead = frame.is_dead or first_dead\n", "flow::test_what_may_end_the_program_in_an_expression_may_as_well_go_on"),
    Mutant("operator declines", "shapes", "or self._declines(one, own, other))", ")", GOES_ON),
    Mutant("an object without __format__", "kinds", '            entry.kind is values.INSTANCE and self._shapes.lacks(entry.class_info, ("__format__",))\n', "            False\n", GOES_ON),
    Mutant("print to a closed file", "printing", "                nothing.receiver_node = target  # it may be closed\n", "", GOES_ON),
    Mutant("loop over what a thread changes", "meanwhile", "        return self._has_threads(frame.unit)\n", "        return False\n", THREADS),
    Mutant("threads: only where some are started", "meanwhile", "        return self._has_threads(frame.unit)\n", "        return True\n", THREADS),
    Mutant("inner container by another name", "conditions", "or self._holds_deep(node, value, arguments)", "or False", "what_else_comes::test_what_is_put_into_decoded_data_may_be_no_json"),
    Mutant("what wraps an own object", "rows", '        if "wraps" in row.marks and self._wraps_unknown(row, arguments):\n            return ANY\n', "", "what_else_comes::test_what_goes_on_to_use_an_own_object_is_not_known"),
    Mutant("declared: anything deep", "deep", " or _may_hold_no_data(entry)\n", "\n", "read_at_night::test_what_is_declared_to_hold_anything_may_hold_what_is_no_json"),
    Mutant("literal: one unknown item", "deep", "else may_be_no_data(value_of(part))\n", "else False\n", BEYOND),
    # --- raises
    Mutant("earlier clause takes it", "raises", "                if hierarchy.is_caught(exception, earlier):\n                    continue\n                if hierarchy.is_control", "                if hierarchy.is_control", "raises::test_an_earlier_clause_takes_what_it_names"),
    Mutant("handlers around a call", "raises", "        if hierarchy.is_caught(exception, edge.caught):\n            return False\n", "", INNER),
    Mutant("unresolved counts", "raises", "                    unresolved.setdefault((evidence.cause, evidence.line), evidence)\n", "                    pass\n", "effects::test_what_is_not_known_is_named"),
    Mutant("Exception itself is a reason", "raises", "        if names & _EVERYTHING:\n            cause", "        if False:\n            cause", "raises::test_raising_exception_itself_is_a_reason"),
    Mutant("too many kinds", "raises", '            reason = "too many kinds"\n', '            reason = ""\n', "raises::test_too_many_kinds_are_a_reason"),
    Mutant("recursion reaches its end", "raises", "            for caller, edge in callers.get(function, ()):\n", "            for caller, edge in ():\n", LOCAL),
    Mutant("weak evidence through calls", "raises", "                    if not effect.is_weak:\n                        raised", "                    if True:\n                        raised", NONE),
    Mutant("signals arrive", "raises", "            entry for entry in self._interrupts() if not", "            entry for entry in () if not", SIGNAL),
    Mutant("signals: only what is raised", "raises", "                if root.rule == _RAISED and not", "                if not", SIGNAL),
    # --- what the code around tells
    Mutant("told: two uses", "ducks", "_SPEAKING = 2  # different", "_SPEAKING = 1  # different", TOLD),
    Mutant("told: an attribute does not fit", "ducks", "        if not isinstance(parent, ast.Call) or parent.func is not attribute:\n            return _Use(_NONE)\n", "        if not isinstance(parent, ast.Call) or parent.func is not attribute:\n            return _Use(_EVERY)\n", TOLD),
    Mutant("told: awaited is no builtin", "ducks", "        if isinstance(unit.module.parents[parent], ast.Await):\n            return _Use(_NONE)\n", "", "opaque::test_an_awaited_method_is_none_of_a_builtin_type"),
    Mutant("told: too few arguments", "ducks", "    if len(call.args) > most or given < least:\n", "    if len(call.args) > most:\n", TOLD),
    Mutant("told: odd keywords", "ducks", "    return keywords is None or all(word.arg in keywords for word in call.keywords)\n", "    return True\n", TOLD),
    Mutant("told: common methods say nothing", "ducks", "        if seen & _PLAIN or seen >= _MAPPING or (_TESTED in seen and seen & _SHAPED):\n            return True\n", "        if seen:\n            return True\n", TOLD),
    Mutant("told: may arrive in another shape", "ducks", "        return values.join((*(_made(kind) for kind in sorted(kinds)), CELL))\n", "        return values.join(_made(kind) for kind in sorted(kinds))\n", "opaque::test_what_was_told_may_still_arrive_in_another_shape"),
    Mutant("told: a default of None", "ducks", "            case _:\n                return value\n", "            case _:\n                pass\n", "opaque::test_a_default_of_none_says_nothing"),
    Mutant("told: one field may be a key", "ducks", "(_ASKED in fields and len(fields - {_ASKED}) > 1)", "_ASKED in fields", "reach::test_an_item_that_may_be_an_object_is_unknown"),
    Mutant("told: rows have fields", "ducks", "if not (_DEFAULTED in fields or (_ASKED in fields and len(fields - {_ASKED}) > 1)):", "if not (_DEFAULTED in fields or len(fields) > 1):", "reach::test_an_item_of_which_several_fields_are_read_is_a_row"),
    Mutant("told: one field is no row", "ducks", "_ROW = 2  # fields", "_ROW = 1  # fields", "reach::test_an_item_that_may_be_no_row_is_unknown"),
    Mutant("told: widgets are no rows", "ducks", "any(map(unit.imports_any_of, _WIDGETS))", "False", "reach::test_an_item_that_may_be_no_row_is_unknown"),
    Mutant("told: equality says nothing", "ducks", "            return name != \"compared\" or weight >= _SPEAKING\n", "            return True\n", "reach::test_what_lies_in_a_declared_dict_may_be_an_object"),
    Mutant("told: what is held", "ducks", "if any(map(self._tells, words.items())) and self._is_held(node, unit):", "if any(map(self._tells, words.items())):", TOLD),
    Mutant("told: a parameter with fields", "ducks", "        return self._is_item(node, unit, 0)\n", "        return True\n", "reach::test_a_parameter_with_fields_is_unknown"),
    Mutant("told: what only objects have", "calls", "        if not found:  # nobody calls that of data: it is something else\n", "        if False:\n", "reach::test_an_item_that_may_be_an_object_is_unknown"),
    Mutant("a module in two outer folders", "neighbours", "        return found[0] if len(found) == 1 else None\n", "        return found[0] if found else None\n", "neighbours::test_a_module_that_two_outer_folders_have_is_not_known"),
    Mutant("a program named as a test", "places", "    return any(function.name.startswith(\"test_\") for function in functions) and not (", "    return any(function.name.startswith(\"test_\") for function in functions) or not (", "reach::test_what_another_file_puts_in_the_place_of_a_module_counts"),
    Mutant("a module that is handed on", "places", "            self._handed_on[key] = known\n", "            known = self._handed_on[key] = False\n", "reach::test_a_module_that_is_handed_on_may_be_filled_by_name"),
    # --- flat
    Mutant("set by the constructor's methods", "presence", "                found |= new\n                pending.extend(new)\n", "                pass\n", UNSET),
    Mutant("set by any method", "presence", "        if function.name not in begun:\n            return False\n", "        if function.name not in begun:\n            return True\n", UNSET),
    Mutant("opaque: nothing is known", "values", '_NOTHING_KNOWN = frozenset({UNKNOWN, BOUND, DECORATED})', '_NOTHING_KNOWN = frozenset({DECORATED})', OPAQUE),
    Mutant("opaque: of a library", "values", "        return bool(dot) and top not in sys.stdlib_module_names and not hasattr(builtins, top)\n", "        return False\n", OPAQUE),
)  # fmt: skip


def main() -> int:
    """Run the mutants that were asked for; say which survive."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("words", nargs="*", help="parts of names")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--part", type=_part, default=(1, 1), help="one part of them, as 2/5")
    options = parser.parse_args()
    part, parts = options.part
    chosen = [
        each for each in MUTANTS if not options.words or any(word in each.name for word in options.words)
    ][part - 1 :: parts]
    survivors = 0
    for name in ("src", "tests"):
        compileall.compile_dir(ROOT / name, quiet=2)
    with ThreadPoolExecutor(options.jobs) as pool:
        for mutant, noticed in zip(chosen, pool.map(_is_noticed, chosen), strict=True):
            if not noticed:
                survivors += 1
                print(f"survives: {mutant.name} ({mutant.file}): {mutant.tests}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} noticed")
    return 1 if survivors else 0


def _part(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    if not 1 <= int(part) <= int(parts):
        raise ValueError(text)
    return int(part), int(parts)


def _is_noticed(mutant: Mutant) -> bool:
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        for name in ("src", "tests"):
            shutil.copytree(ROOT / name, copy / name)  # with what is compiled: only the mutant is not
        shutil.copy(ROOT / "pyproject.toml", copy)
        file = copy / ANALYSIS / f"{mutant.file}.py"
        text = file.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            print(f"{mutant.name}: its text does not stand once in {mutant.file}.py", file=sys.stderr)
            return False
        file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
        tests = [
            f"tests/analysis/test_{name}.py::{test}"
            for name, _, test in (each.partition("::") for each in mutant.tests.split())
        ]
        command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", *tests]
        done = subprocess.run(
            command,
            cwd=copy,
            env={**os.environ, "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy}"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 1):
            print(f"{mutant.name}: {done.stdout[-300:]}{done.stderr[-300:]}", file=sys.stderr)
        return done.returncode == 1


if __name__ == "__main__":
    sys.exit(main())
