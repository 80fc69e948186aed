//! What callers use of a router: gives commands to partitions and asks them, on whatever node they
//! are, and turns replies into results.

use super::by::{By, How};
use super::failure::{CommandResult, Failure};
use super::open::{self, Reach};
use super::request::{Done, Looked, Reply, Request};
use super::router::Router;
use crate::machine::Machine;

impl<M: Machine> Router<M> {
    pub async fn command(
        &self,
        name: &M::Name,
        command: M::Command,
        By { caller, key, how }: By,
    ) -> CommandResult<M> {
        let request = Request::Command { command, caller, key, how: how.into() };
        said(self.ask_owner(name, request).await)
    }

    /// Gives a command to a partition of this node, and waits for nothing. Whatever is asked of the
    /// partition from here afterwards, it serves after that. `hears` is told what the command came
    /// to once that is durable, and nothing if nobody can say. False, and nothing was sent, if the
    /// partition is another node's or there is no room.
    pub fn send(
        &self,
        name: &M::Name,
        command: M::Command,
        By { caller, key, how }: By,
        hears: impl FnOnce(CommandResult<M>) + Send + 'static,
    ) -> bool {
        if !self.is_here(name) {
            return false;
        }
        let request = Request::Command { command, caller, key, how: how.into() };
        let hears = Box::new(|reply: Result<_, _>| hears(said(reply.map_err(Failure::from))));
        self.send_here(name, request, hears).is_ok()
    }

    /// Gives one partition many commands at once. Where it lives they are decided in their order,
    /// and one commit has all that meet.
    pub async fn command_together(
        &self,
        name: &M::Name,
        commands: Vec<(M::Command, By)>,
    ) -> Vec<CommandResult<M>> {
        let request = |(command, By { caller, key, how })| Request::Command {
            command,
            caller,
            key,
            how: How::into(how),
        };
        let requests = commands.into_iter().map(request).collect();
        self.ask_owner_together(name, requests).await.into_iter().map(said).collect()
    }

    /// Gives a command that any of the partitions `names` may carry out; says which did.
    pub async fn command_any(
        &self,
        names: &[M::Name],
        command: M::Command,
        by: By,
    ) -> Result<(usize, Done<M::Event, M::Witness>), Failure<M::Refusal>> {
        let seed = self.node().seed();
        open::ask_any(&Among { router: self, names }, &command, by, seed).await
    }

    /// A question changes nothing. So if nobody answers it, nothing is in doubt.
    pub async fn look(
        &self,
        name: &M::Name,
        question: M::Question,
    ) -> Result<Looked<M::Answer>, Failure<M::Refusal>> {
        match self.ask_owner(name, Request::Look(question)).await {
            Ok(Reply::Looked(looked)) => Ok(looked),
            Ok(reply) => Err(unexpected(reply)),
            Err(Failure::Unknown) => Err(Failure::Unavailable("nobody answers for it now".into())),
            Err(failure) => Err(failure),
        }
    }
}

/// What a reply says of a command.
fn said<M: Machine>(reply: Result<Reply<M>, Failure<M::Refusal>>) -> CommandResult<M> {
    match reply? {
        Reply::Done(done) => Ok(done),
        Reply::Refused(refusal) => Err(Failure::Refused(refusal)),
        reply => Err(unexpected(reply)),
    }
}

fn unexpected<M: Machine>(reply: Reply<M>) -> Failure<M::Refusal> {
    match reply {
        Reply::KeyReused => Failure::KeyReused,
        Reply::KeyForgotten => Failure::KeyForgotten,
        // A key that was passed on, or declined, belongs to an open request; this one is not.
        Reply::Passed(_) | Reply::Declined { .. } => Failure::KeyReused,
        Reply::Done(_) | Reply::Refused(_) | Reply::Looked(_) | Reply::Left(_) => Failure::Unknown,
    }
}

/// The partitions of one resource, by place.
struct Among<'a, M: Machine> {
    router: &'a Router<M>,
    names: &'a [M::Name],
}

impl<M: Machine> Reach<M> for Among<'_, M> {
    fn places(&self) -> u16 {
        self.names.len() as u16
    }

    async fn ask(&self, place: u16, request: Request<M>) -> Result<Reply<M>, Failure<M::Refusal>> {
        self.router.ask_owner(&self.names[place as usize], request).await
    }
}
