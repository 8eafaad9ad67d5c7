package sluice.functions_test

import data.sluice.functions

production := {"name": "production", "tier": "production", "risk": "high", "labels": {}, "freezes": []}

frozen := object.union(production, {"freezes": [{"name": "december", "reason": "holidays", "to": "2027-01-02T00:00:00Z"}]})

staging := object.union(production, {"name": "staging", "tier": "staging"})

call(environment, trust, approvals) := {
	"function": {"reference": "f@v1", "name": "f", "version": "v1", "inputs": {}, "trust_score": trust},
	"environment": environment,
	"caller": {"initiator": "alice", "emergency_bypass": false},
	"approvals": approvals,
	"time": "2026-12-24T12:00:00Z",
}

approval(by) := {"decision": "approve", "by": by, "comment": "", "at": "2026-12-24T12:00:00Z"}

denial(by) := {"decision": "deny", "by": by, "comment": "not today", "at": "2026-12-24T12:00:00Z"}

decide(request) := decision if decision := functions.decision with input as request

test_a_call_that_no_environment_governs_executes if decide(call(null, 0, [])).verdict == "execute"

test_staging_executes_whatever_the_trust if decide(call(staging, 0, [])).verdict == "execute"

test_production_holds_below_the_threshold if {
	decision := decide(call(production, 0.62, []))
	decision.verdict == "hold"
	decision.reasons == ["production needs approval: trust 0.62 is below 0.8"]
}

test_production_executes_at_the_threshold if decide(call(production, 0.8, [])).verdict == "execute"

test_production_just_below_the_threshold_reads_below_it if {
	decide(call(production, 0.7999, [])).reasons == ["production needs approval: trust 0.79 is below 0.8"]
}

test_an_approval_by_somebody_else_executes if {
	decision := decide(call(production, 0, [approval("bob")]))
	decision.verdict == "execute"
	"approved by bob" in decision.reasons
}

test_an_approval_by_the_initiator_does_not_count if decide(call(production, 0, [approval("alice")])).verdict == "hold"

test_a_denial_rejects_whatever_else_was_said if {
	decision := decide(call(production, 0, [approval("bob"), denial("carol")]))
	decision.verdict == "reject"
	decision.reasons == ["carol denied it: not today"]
}

test_a_freeze_rejects_even_the_trusted_and_approved if {
	decision := decide(call(frozen, 1, [approval("bob")]))
	decision.verdict == "reject"
	decision.reasons == ["production is frozen until 2027-01-02T00:00:00Z: holidays"]
}

test_a_bypass_lifts_the_freeze_but_not_the_approval if {
	request := call(frozen, 0.1, [])
	bypass := object.union(request, {"caller": {"initiator": "alice", "emergency_bypass": true}})
	decide(bypass).verdict == "hold"
}

test_a_bypass_is_named_where_it_made_the_difference if {
	request := call(frozen, 0.9, [])
	bypass := object.union(request, {"caller": {"initiator": "alice", "emergency_bypass": true}})
	decision := decide(bypass)
	decision.verdict == "execute"
	decision.reasons == ["emergency bypass of the freeze of production", "trust 0.90 is enough for production"]
}

test_a_bypass_must_be_true_itself if {
	request := call(frozen, 1, [])
	bypass := object.union(request, {"caller": {"initiator": "alice", "emergency_bypass": "true"}})
	decide(bypass).verdict == "reject"
}

test_a_denial_or_freeze_without_words_still_rejects if {
	silent := {"decision": "deny", "by": "carol", "comment": null}
	decide(call(production, 1, [silent])).reasons == ["carol denied it"]
	unexplained := object.union(production, {"freezes": [{"name": "december", "to": "2027-01-02T00:00:00Z"}]})
	decide(call(unexplained, 1, [])).reasons == ["production is frozen until 2027-01-02T00:00:00Z"]
}

test_an_approval_that_is_neither_yes_nor_no_rejects if {
	decide(call(production, 1, [{"decision": "maybe", "by": "carol"}])).verdict == "reject"
}

test_an_incomplete_input_rejects if {
	decide({}).verdict == "reject"
	decide(call(production, "1", [])).verdict == "reject"
	decide(call(production, 1.5, [])).verdict == "reject"
	decide(call({"name": "production"}, 1, [])).verdict == "reject"
	decide(call(object.union(production, {"tier": "Production"}), 1, [])).verdict == "reject"
}
