//! What nodes do: take over, decide by what they remember, and read the answers of the database.

use super::words::{ClientStage, Doing, Fact, Facts, FenceRule, NodeStage, Statement, TwoNodes};

#[derive(Default)]
pub struct FenceModel {
    pub broken: Option<FenceRule>,
}

/// What an append was answered, as `outcome::meaning` reads it.
pub enum Answered {
    Applied,
    AppliedBefore,
    Fenced,
    Impossible,
}

pub fn is_taken(facts: &[Fact]) -> bool {
    held(facts) > 0
}

pub fn held(facts: &[Fact]) -> i32 {
    facts.iter().map(|fact| if matches!(fact, Fact::Take(_)) { 1 } else { -1 }).sum()
}

impl TwoNodes {
    pub fn send(&mut self, statement: Statement) {
        self.flight.push(statement);
        self.flight.sort();
    }

    pub fn write(&mut self, fact: Fact, under: u8) {
        self.log.facts.push(fact);
        self.log.under.push(under);
        let taken = is_taken(&self.log.facts);
        for client in &mut self.clients {
            if let ClientStage::Asked { none_left, .. } = client {
                *none_left |= taken;
            }
        }
    }

    /// The client hears nothing, or that nothing was done, and will come again.
    pub fn comes_again(&mut self, client: u8) {
        let client = &mut self.clients[usize::from(client)];
        if let ClientStage::Asked { gives_back, .. } = *client {
            *client = ClientStage::Wants(gives_back);
        }
    }
}

impl FenceModel {
    pub fn breaks(&self, rule: FenceRule) -> bool {
        self.broken == Some(rule)
    }

    pub fn take_over(&self, world: &mut TwoNodes, node: usize) {
        let (from, read) = (world.log.epoch, Vec::new());
        let early = self.breaks(FenceRule::EpochIsRaisedBeforeReading);
        let read = if early { world.log.facts.clone() } else { read };
        world.nodes[node] = NodeStage::Raising { from, read };
        world.send(Statement::Raise { node: node as u8, from });
    }

    /// The node decides by what it remembers, and sends what the answer rests on.
    pub fn ask(&self, world: &mut TwoNodes, client: usize, node: usize) -> Result<(), String> {
        let ClientStage::Wants(gives_back) = world.clients[client] else { return Ok(()) };
        let none_left = is_taken(&world.log.facts);
        world.clients[client] = ClientStage::Asked { gives_back, none_left };
        let NodeStage::Open { epoch, memory, .. } = &world.nodes[node] else { return Ok(()) };
        let (epoch, memory, id) = (*epoch, memory.clone(), client as u8);
        let wanted = if gives_back { Fact::GiveBack(id) } else { Fact::Take(id) };
        let fact = match (memory.contains(&wanted), gives_back) {
            (true, _) => None,
            (false, true) if !memory.contains(&Fact::Take(id)) => None,
            (false, true) => Some(wanted),
            (false, false) => (!is_taken(&memory)).then_some(wanted),
        };
        if fact.is_none() && self.breaks(FenceRule::RefusalIsConfirmed) {
            return self.told(world, node, id, None);
        }
        if fact.is_some() && self.breaks(FenceRule::DurableBeforeTold) {
            self.told(world, node, id, fact)?;
        }
        let node_id = node as u8;
        let statement = match fact {
            Some(fact) => {
                Statement::Append { node: node_id, epoch, after: memory, fact, denied: false }
            }
            None => Statement::Look { node: node_id, epoch },
        };
        if let NodeStage::Open { doing, .. } = &mut world.nodes[node] {
            *doing = Some(Doing { statement: statement.clone(), client: id, doubt: false });
        }
        world.send(statement);
        Ok(())
    }

    /// The client is told what the node decided: its fact, or what its memory says.
    pub fn told(
        &self,
        world: &mut TwoNodes,
        node: usize,
        client: u8,
        fact: Option<Fact>,
    ) -> Result<(), String> {
        let NodeStage::Open { memory, .. } = &world.nodes[node] else { return Ok(()) };
        let stage = &mut world.clients[usize::from(client)];
        let ClientStage::Asked { gives_back, none_left } = *stage else { return Ok(()) };
        let wanted = if gives_back { Fact::GiveBack(client) } else { Fact::Take(client) };
        let is_granted = fact.is_some() || memory.contains(&wanted);
        if is_granted && !world.log.facts.contains(&wanted) {
            return Err("a client was told of what is no fact".into());
        }
        if !is_granted && gives_back {
            return Err("what was granted is not known any more".into());
        }
        if !is_granted && !none_left {
            return Err("a client was told that none is left, and one was all the time".into());
        }
        let goes_on = is_granted && !gives_back && client == 0;
        *stage = if goes_on { ClientStage::Wants(true) } else { ClientStage::Done };
        Ok(())
    }

    /// The statement comes to the database. Its node hears the answer, if it still waits for it and
    /// `heard`.
    pub fn arrive(
        &self,
        world: &mut TwoNodes,
        statement: &Statement,
        heard: bool,
    ) -> Result<(), String> {
        let place = world.flight.iter().position(|other| other == statement);
        world.flight.remove(place.expect("it is on its way"));
        match statement {
            Statement::Raise { node, from } => {
                let applied = world.log.epoch == *from;
                world.log.epoch += u8::from(applied);
                // Its node hears of it when a quorum has it, and not before.
                if heard && !self.breaks(FenceRule::RaiseIsOnesOwnWhenAQuorumHasIt) {
                    world.log.settled = world.log.epoch;
                }
                self.raised(world, usize::from(*node), *from, applied, heard);
                Ok(())
            }
            Statement::Append { node, epoch, after, fact, denied } => {
                let by_epoch = match self.breaks(FenceRule::EpochIsCompared) {
                    true => world.log.epoch >= *epoch,
                    false => world.log.epoch == *epoch,
                };
                let head = world.log.facts == *after;
                let head = head || self.breaks(FenceRule::HeadIsCompared);
                let applied = by_epoch && head;
                let answer = FenceModel::meaning(world, applied, *epoch, after, *fact);
                if applied {
                    world.write(*fact, *epoch);
                    if *denied {
                        return Err("what was said not to be done was done".into());
                    }
                }
                self.answered(world, usize::from(*node), statement, answer, heard)
            }
            Statement::Look { .. } => {
                let epoch = world.log.epoch;
                self.look(world, statement, epoch, heard)
            }
        }
    }

    /// The epochs that the look may show.
    pub fn may_show(&self, world: &TwoNodes, statement: &Statement) -> Vec<u8> {
        let Statement::Look { epoch, .. } = statement else { return Vec::new() };
        let mut shown = vec![world.log.settled, world.log.epoch];
        // One replica alone may have slept since.
        shown.extend(self.breaks(FenceRule::LookAsksAQuorum).then_some(*epoch));
        shown
    }

    /// A look comes back with that epoch.
    pub fn sees(
        &self,
        world: &mut TwoNodes,
        statement: &Statement,
        epoch: u8,
    ) -> Result<(), String> {
        let place = world.flight.iter().position(|other| other == statement);
        world.flight.remove(place.expect("it is on its way"));
        self.look(world, statement, epoch, true)
    }

    fn look(
        &self,
        world: &mut TwoNodes,
        statement: &Statement,
        shown: u8,
        heard: bool,
    ) -> Result<(), String> {
        let Statement::Look { node, epoch } = statement else { return Ok(()) };
        let answer = match shown {
            shown if shown == *epoch => Answered::Applied,
            shown if shown > *epoch => Answered::Fenced,
            _ => Answered::Impossible,
        };
        self.answered(world, usize::from(*node), statement, answer, heard)
    }

    pub fn meaning(
        world: &TwoNodes,
        applied: bool,
        epoch: u8,
        after: &[Fact],
        fact: Fact,
    ) -> Answered {
        let to: Facts = after.iter().copied().chain([fact]).collect();
        match world.log.epoch {
            _ if applied => Answered::Applied,
            found if found > epoch => Answered::Fenced,
            found if found == epoch && world.log.facts == to => Answered::AppliedBefore,
            _ => Answered::Impossible,
        }
    }

    pub fn raised(&self, world: &mut TwoNodes, node: usize, from: u8, applied: bool, heard: bool) {
        let NodeStage::Raising { from: waits, read } = &world.nodes[node] else { return };
        if *waits != from {
            return;
        }
        let is_own = match (heard, self.breaks(FenceRule::OnlyAnOwnRaiseIsOnesOwn)) {
            (true, false) => applied,
            // Whoever raised it.
            (_, true) => world.log.epoch > from,
            (false, false) => false,
        };
        if !is_own {
            return self.take_over(world, node);
        }
        let early = self.breaks(FenceRule::EpochIsRaisedBeforeReading);
        let memory = if early { read.clone() } else { world.log.facts.clone() };
        let epoch = world.log.epoch;
        world.nodes[node] = NodeStage::Open { epoch, memory, doing: None };
    }

    pub fn answered(
        &self,
        world: &mut TwoNodes,
        node: usize,
        statement: &Statement,
        answer: Answered,
        heard: bool,
    ) -> Result<(), String> {
        let NodeStage::Open { doing, memory, .. } = &mut world.nodes[node] else {
            return Ok(());
        };
        let Some(mut work) = doing.take_if(|doing| doing.statement == *statement) else {
            return Ok(());
        };
        if !heard && !self.breaks(FenceRule::LostAnswerIsNoRefusal) {
            work.doubt = true;
            *doing = Some(work);
            world.send(statement.clone());
            return Ok(());
        }
        let answer = if heard { answer } else { Answered::Fenced };
        let (to, fact): (Facts, _) = match statement {
            Statement::Append { after, fact, .. } => {
                (after.iter().copied().chain([*fact]).collect(), Some(*fact))
            }
            _ => (memory.clone(), None),
        };
        let looks_up = work.doubt && fact.is_some() && !self.breaks(FenceRule::DoubtIsLookedUp);
        let durable = match answer {
            Answered::Applied | Answered::AppliedBefore => true,
            Answered::Fenced => looks_up && world.log.facts.starts_with(&to),
            Answered::Impossible => {
                return Err("an append was refused although nobody has taken over".into());
            }
        };
        if durable {
            if let NodeStage::Open { memory, .. } = &mut world.nodes[node] {
                *memory = to;
            }
            return self.told(world, node, work.client, fact);
        }
        self.fenced(world, node, work)
    }

    /// The node says that nothing was done, and stands down.
    pub fn fenced(&self, world: &mut TwoNodes, node: usize, work: Doing) -> Result<(), String> {
        world.nodes[node] = NodeStage::Closed;
        world.comes_again(work.client);
        let Statement::Append { epoch, after, fact, .. } = &work.statement else {
            return Ok(());
        };
        let to: Facts = after.iter().copied().chain([*fact]).collect();
        if world.log.facts.starts_with(&to) && world.log.under[after.len()] == *epoch {
            return Err("what was done was said not to be done".into());
        }
        for other in &mut world.flight {
            if *other == work.statement
                && let Statement::Append { denied, .. } = other
            {
                *denied = true;
            }
        }
        world.flight.sort();
        Ok(())
    }

    /// The outcome is unknown: the client is told so, and the node opens again from the log.
    pub fn give_up(&self, world: &mut TwoNodes, node: usize) {
        let keeps = self.breaks(FenceRule::MemoryIsForgotten);
        let NodeStage::Open { doing, memory, .. } = &mut world.nodes[node] else { return };
        let Some(work) = doing.take() else { return };
        if keeps {
            if let Statement::Append { fact, .. } = &work.statement {
                memory.push(*fact);
            }
        } else {
            world.nodes[node] = NodeStage::Closed;
        }
        world.comes_again(work.client);
    }
}
