//! The fence of a log on CQL: two nodes that both take the partition for theirs, statements that
//! arrive late, twice or never, and answers that are lost.
//!
//! It is a copy of `src/stores/cql` (`generations`, `log`, `outcome`), because that crate speaks to
//! a database. `the_fence_compares_what_the_store_compares` holds the two together. What is handed
//! out is one ticket, which may come back once. A head is all facts before it, as its hash is.
//!
//! `words` says what there is, `nodes` what is done.

mod nodes;
mod words;

use super::explore::{SmallWorld, all_is_well, is_missed};
use nodes::{FenceModel, held};
use words::{
    CLIENTS, ClientStage, FAULTS, Fact, FenceRule, FenceStep, FencedLog, NODES, NodeStage, STEALS,
    TwoNodes,
};

impl SmallWorld for FenceModel {
    type State = TwoNodes;
    type Step = FenceStep;

    fn beginning(&mut self) -> TwoNodes {
        TwoNodes {
            log: FencedLog { epoch: 1, settled: 1, facts: Vec::new(), under: Vec::new() },
            flight: Vec::new(),
            nodes: [NodeStage::Closed, NodeStage::Closed],
            clients: [ClientStage::Wants(false); CLIENTS],
            faults: FAULTS,
            steals: STEALS,
        }
    }

    fn steps(&mut self, world: &TwoNodes) -> Vec<(FenceStep, Result<TwoNodes, String>)> {
        let model = &*self;
        let mut steps = Vec::new();
        let mut may = |step: FenceStep, faults: u8, does: &dyn Fn(&mut TwoNodes) -> _| {
            let mut after = world.clone();
            after.faults -= faults;
            let done: Result<(), String> = does(&mut after);
            steps.push((step, done.map(|()| after)));
        };
        let closed = |node: usize| world.nodes[node] == NodeStage::Closed;
        for node in 0..NODES {
            let is_steal = !closed(1 - node);
            if closed(node) && (!is_steal || world.steals > 0) {
                may(FenceStep::TakesOver(node), 0, &|after| {
                    after.steals -= u8::from(is_steal);
                    model.take_over(after, node);
                    Ok(())
                });
            }
            let NodeStage::Open { doing, .. } = &world.nodes[node] else { continue };
            for client in 0..CLIENTS {
                if doing.is_none() && matches!(world.clients[client], ClientStage::Wants(_)) {
                    let ask = |after: &mut TwoNodes| model.ask(after, client, node);
                    may(FenceStep::Asks(client, node), 0, &ask);
                }
            }
            if let Some(doing) = doing.as_ref().filter(|_| world.faults > 0) {
                let copies = world.flight.iter().filter(|other| **other == doing.statement);
                if copies.count() < 2 {
                    may(FenceStep::IsRepeated(node), 1, &|after| {
                        let NodeStage::Open { doing: Some(doing), .. } = &mut after.nodes[node]
                        else {
                            return Ok(());
                        };
                        doing.doubt = true;
                        let statement = doing.statement.clone();
                        after.send(statement);
                        Ok(())
                    });
                }
                may(FenceStep::GivesUp(node), 1, &|after| {
                    model.give_up(after, node);
                    Ok(())
                });
            }
        }
        for statement in &world.flight {
            for epoch in model.may_show(world, statement) {
                may(FenceStep::Sees(statement.clone(), epoch), 0, &|after| {
                    model.sees(after, statement, epoch)
                });
            }
            may(FenceStep::Arrives(statement.clone()), 0, &|after| {
                model.arrive(after, statement, true)
            });
            if world.faults > 0 {
                may(FenceStep::ArrivesAnswerLost(statement.clone()), 1, &|after| {
                    model.arrive(after, statement, false)
                });
            }
        }
        steps
    }

    fn print(&self, step: &FenceStep) -> String {
        format!("{step:?}")
    }

    fn mistake(&mut self, world: &TwoNodes) -> Option<String> {
        let facts = &world.log.facts;
        if (0..=facts.len()).any(|length| !(0..=1).contains(&held(&facts[..length]))) {
            return Some("the ticket was given to two".into());
        }
        let twice = |fact: &Fact| facts.iter().filter(|other| *other == fact).count() > 1;
        facts.iter().any(twice).then(|| "a key was granted twice".into())
    }

    fn is_settled(&mut self, world: &TwoNodes) -> bool {
        world.clients.iter().all(|client| *client == ClientStage::Done) && world.flight.is_empty()
    }
}

#[test]
fn whoever_owns_the_log_nothing_is_given_twice_and_nobody_is_told_a_lie() {
    let explored = all_is_well("fence", &mut FenceModel::default());
    assert!(explored.states > 10_000, "{explored:?}");
}

#[test]
fn every_rule_of_the_fence_is_missed() {
    for rule in FenceRule::ALL {
        is_missed(&format!("fence without {rule:?}"), &mut FenceModel { broken: Some(rule) });
    }
}

/// The model compares what the statements of the store compare.
#[test]
fn the_fence_compares_what_the_store_compares() {
    let rows = include_str!("../../src/stores/cql/rows.rs");
    assert!(rows.contains("\"IF epoch = ? AND last_seq = ? AND last_head = ?\""));
    let log = include_str!("../../src/stores/cql/log.rs");
    assert_eq!(log.matches("{IF_UNCHANGED}").count(), 1, "an append");
    assert!(log.contains("self.generations.fence(name, claim.generation)"), "a look");
    let session = include_str!("../../src/stores/cql/session.rs");
    assert!(session.contains(".consistency(quorum(settings.serial))"));
    let generations = include_str!("../../src/stores/cql/generations.rs");
    assert!(generations.contains("SET epoch = ? WHERE name = ? AND generation = ? IF epoch = ?"));
    let outcome = include_str!("../../src/stores/cql/outcome.rs");
    assert!(outcome.contains("Some(found) if found > epoch => Meaning::Fenced"));
    assert!(outcome.contains("if found == epoch"));
    assert!(outcome.contains("Some(fence) if fence.epoch > claim.epoch => Meaning::Fenced"));
    assert!(outcome.contains("Some(fence) if fence.epoch == claim.epoch"));
}
